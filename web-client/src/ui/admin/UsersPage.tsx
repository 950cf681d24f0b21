/** Who can sign in, and as what. */
import { useState } from 'react';
import { queryPath, readAs, useRowsOf } from '../../state/admin/reading';
import { rolesGivenBy } from '../../state/rights';
import { useServices, useUser } from '../../state/services';
import type { Role, UserEntry, UserPage } from '../../wire';
import { Field } from '../parts/Field';
import { useSearch } from '../router';
import { Drawer } from './Drawer';
import { Choice, Switch } from './fields';
import { Filter, FilterText, Mark, Page, Table } from './ListPage';
import { SaveTrouble } from './SaveTrouble';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';
import { useSaver } from './useSaver';

/** Whom one looks for here; customers only when asked for, they are many. */
const STAFF: readonly Role[] = ['admin', 'manager', 'dispatcher', 'cleaner'];

export function UsersPage() {
  const { a, t } = useAdminTexts();
  const search = useSearch();
  const open = useOpenRow();
  const role = search.get('role') as Role | null;
  const state = search.get('state');
  const list = useRowsOf(
    'users.list',
    {
      ...(search.get('text') === null ? {} : { text: search.get('text') ?? '' }),
      roles: role === null ? [...STAFF] : [role],
      ...(state === null ? {} : { disabled: state === 'disabled' }),
    },
    (page) => page.users,
  );
  const user = list.rows.find(({ id }) => id === open.id) ?? null;
  const done = open.saved(list.reload);
  return (
    <Page
      title={a.nav.users}
      lead={a.users.lead}
      add={{ label: a.users.add, onClick: () => open.show('new') }}
      filters={
        <>
          <FilterText name="text" label={a.users.search} />
          <Filter
            name="role"
            label={a.users.role}
            all={a.users.staff}
            options={[...STAFF, 'customer' as const].map((each) => ({
              value: each,
              label: t.signIn.roles[each],
            }))}
          />
          <Filter
            name="state"
            label={a.state}
            all={a.all}
            options={[
              { value: 'enabled', label: a.users.enabled },
              { value: 'disabled', label: a.users.disabled },
            ]}
          />
        </>
      }
    >
      <Table<UserEntry>
        label={a.nav.users}
        list={list}
        keyOf={(row) => row.id}
        nameOf={(row) => (row.name === '' ? a.users.unnamed : row.name)}
        onOpen={(row) => open.show(row.id)}
        empty={{ title: a.nobody, hint: a.otherFilters }}
        columns={[
          { label: a.personName, cell: () => null },
          { label: a.users.role, cell: (row) => t.signIn.roles[row.role], narrow: true },
          { label: a.users.email, cell: (row) => row.email ?? a.users.noPassword },
          {
            label: a.state,
            cell: (row) => <Mark on={!row.disabled} yes={a.users.enabled} no={a.users.disabled} />,
            narrow: true,
          },
        ]}
      />
      {open.id === 'new' && <UserForm user={null} onDone={done} />}
      {user !== null && <UserForm key={user.id} user={user} onDone={done} />}
    </Page>
  );
}

interface Draft {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly role: Role;
  readonly disabled: boolean;
}

function draftOf(user: UserEntry | null): Draft {
  if (user === null) return { name: '', email: '', password: '', role: 'dispatcher', disabled: false };
  const { name, email, role, disabled } = user;
  return { name, email: email ?? '', password: '', role, disabled };
}

const FIELDS = ['name', 'email', 'password', 'role', 'disabled'];

function UserForm({ user: opened, onDone }: { user: UserEntry | null; onDone: (changed: boolean) => void }) {
  const { a, t } = useAdminTexts();
  const { rest, session } = useServices();
  const me = useUser();
  const [user, setUser] = useState(opened);
  const [draft, setDraft] = useState(() => draftOf(opened));
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const saver = useSaver({
    kind: 'admin.user_save',
    taken: 'email',
    parameters: ({ version }) => ({
      name: draft.name,
      role: draft.role,
      email: draft.email,
      disabled: draft.disabled,
      ...(draft.password === '' ? {} : { password: draft.password }),
      ...(user === null ? {} : { account: user.id, expected_version: version ?? user.version }),
    }),
    onSaved: () => onDone(true),
  });
  const readAnew = async () => {
    if (user === null) return null;
    const path = queryPath('users.list', { account: user.id });
    const page = await readAs<UserPage>(rest, session, path);
    return page.users[0] ?? null;
  };
  const given = me === null ? [] : rolesGivenBy(me.role);
  const mayChange = user === null || given.includes(user.role);
  const own = user !== null && user.id === me?.id;
  const roles = given.includes(draft.role) ? given : [draft.role, ...given];
  return (
    <Drawer
      title={user === null ? a.users.add : user.name}
      dirty={JSON.stringify(draft) !== JSON.stringify(draftOf(user))}
      busy={saver.busy}
      {...(mayChange ? { submit: user === null ? a.create : a.save } : { lead: a.users.adminsOnly })}
      onSubmit={() => void saver.save()}
      onClose={() => onDone(false)}
    >
      <Field
        label={a.personName}
        value={draft.name}
        autoComplete="off"
        onChange={(name) => change({ name })}
        fault={saver.faultOf('name')}
      />
      <Choice
        label={a.users.role}
        value={draft.role}
        disabled={own || !mayChange}
        options={roles.map((role) => ({ value: role, label: t.signIn.roles[role] }))}
        hint={own ? a.users.own : a.roleHints[draft.role]}
        onChange={(role) => change({ role: role as Role })}
        fault={saver.faultOf('role')}
      />
      <Field
        label={a.users.email}
        type="email"
        autoComplete="off"
        value={draft.email}
        hint={a.users.emailHint}
        onChange={(email) => change({ email })}
        fault={saver.faultOf('email')}
      />
      <Field
        label={user === null ? t.signIn.password : a.users.newPassword}
        type="password"
        autoComplete="new-password"
        value={draft.password}
        hint={user === null ? a.users.passwordHint : a.users.newPasswordHint}
        onChange={(password) => change({ password })}
        fault={saver.faultOf('password')}
      />
      {user !== null && (
        <Switch
          label={a.users.mayJoin}
          hint={own ? a.users.own : a.users.mayJoinHint}
          checked={!draft.disabled}
          disabled={own}
          onChange={(enabled) => change({ disabled: !enabled })}
          fault={saver.faultOf('disabled')}
        />
      )}
      <SaveTrouble
        saver={saver}
        fields={FIELDS}
        before={user}
        readAnew={readAnew}
        takeTheirs={(theirs) => {
          setUser(theirs);
          setDraft(draftOf(theirs));
          saver.calm();
        }}
      />
    </Drawer>
  );
}
