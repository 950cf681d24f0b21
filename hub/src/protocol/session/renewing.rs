//! Rights of live subscriptions that are renewed before they end: `sub_refresh`.

use super::{
    super::{
        CloseCode, ErrorCode, Moment,
        command::SubRefreshRequest,
        reply::{Expiry, Reply},
        subscription::State,
    },
    Ask, Effect, Effects, Session, SubscriptionId,
};
use crate::ports::{Denied, Grant};

impl Session {
    pub(super) fn sub_refresh(
        &mut self,
        id: u32,
        request: SubRefreshRequest,
        effects: &mut Effects,
    ) {
        let SubRefreshRequest {
            channel,
            token,
            kind,
        } = request;
        if channel.is_empty() {
            return self.close(CloseCode::BAD_REQUEST, effects);
        }
        if kind != 0 {
            return self.refuse(id, &ErrorCode::NOT_AVAILABLE, effects);
        }
        let live = self
            .by_channel
            .get(channel.as_str())
            .and_then(|number| self.subscriptions.get(number))
            .filter(|subscription| matches!(subscription.state, State::Live(_)));
        let Some(subscription) = live else {
            return self.refuse(id, &ErrorCode::PERMISSION_DENIED, effects);
        };
        if token.is_empty() {
            return self.refuse(id, &ErrorCode::BAD_REQUEST, effects);
        }
        let mut intent = subscription.intent();
        intent.token.clone_from(&token);
        let ask = Ask::Renew {
            id,
            subscription: subscription.id,
            token,
        };
        effects.push(Effect::Authorize { ask, intent });
    }

    pub(super) fn renewed(
        &mut self,
        command: u32,
        (id, token): (SubscriptionId, String),
        result: Result<Grant, Denied>,
        now: Moment,
        effects: &mut Effects,
    ) {
        let grace = self.config.expiry_grace;
        let Some(live) = self.live(id) else {
            return self.refuse(command, &ErrorCode::PERMISSION_DENIED, effects);
        };
        match result {
            Ok(grant) => {
                let expiry = Expiry::after(grant.expires_in);
                live.expires_at = grant.expires_in.map(|left| now + left + grace);
                live.grant = grant;
                if let Some(subscription) = self.subscriptions.get_mut(&id.number) {
                    // Asked again, the application sees the newer one.
                    subscription.request.token = token;
                }
                self.reply(command, &Reply::SubRefresh(expiry), effects);
            }
            Err(Denied::TokenExpired) => self.refuse(command, &ErrorCode::EXPIRED, effects),
            Err(denied) => self.deny(command, denied, effects),
        }
    }
}
