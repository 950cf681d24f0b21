/*
 * The booking page on any site, by one script tag:
 *
 *   <script src="https://hub.example/embed.js" data-service="standard" data-accent="#7a1fa2"></script>
 *
 * It stands where the script stands, or wherever a <dispatch-hub-booking> is put. The site has to be on the
 * hub's list http.embed_origins. docs/embed.md tells the rest.
 */
(() => {
  const script = document.currentScript;
  const hub = new URL(script.src).origin;
  const NAME = 'dispatch-hub-booking';
  const SAID = ['service', 'zone', 'accent', 'theme', 'lang'];
  const [LEAST, MOST] = [320, 20000];

  class Booking extends HTMLElement {
    connectedCallback() {
      if (this.frame !== undefined) return;
      const address = new URL('/embed', hub);
      address.searchParams.set('host', location.origin);
      for (const name of SAID) {
        const value = this.getAttribute(name);
        if (value !== null) address.searchParams.set(name, value);
      }
      const frame = document.createElement('iframe');
      frame.src = address.href;
      frame.title = this.getAttribute('title') ?? 'Book a cleaning';
      frame.allow = 'geolocation';
      frame.style.cssText = `display:block;width:100%;height:${LEAST}px;border:0;color-scheme:normal`;
      this.style.display ||= 'block';
      this.frame = frame;
      this.heard = (event) => this.hear(event);
      addEventListener('message', this.heard);
      this.append(frame);
    }

    disconnectedCallback() {
      removeEventListener('message', this.heard);
      this.frame?.remove();
      this.frame = undefined;
    }

    /** Only our own frame, and only from the hub, is listened to. */
    hear({ origin, source, data }) {
      if (origin !== hub || source !== this.frame?.contentWindow) return;
      if (data?.type === 'dispatch-hub.height' && Number.isFinite(data.height)) {
        this.frame.style.height = `${Math.min(Math.max(data.height, LEAST), MOST)}px`;
      } else if (data?.type === 'dispatch-hub.booked' && typeof data.booking === 'string') {
        this.dispatchEvent(new CustomEvent('booked', { detail: { booking: data.booking }, bubbles: true }));
      }
    }
  }

  if (customElements.get(NAME) === undefined) customElements.define(NAME, Booking);
  if (script.dataset.place === 'none') return;
  const here = document.createElement(NAME);
  for (const name of SAID) {
    const value = script.dataset[name];
    if (value !== undefined) here.setAttribute(name, value);
  }
  script.after(here);
})();
