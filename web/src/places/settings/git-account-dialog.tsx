import { PasswordInput, Select, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, type Schemas } from '../../api/client';
import { meQuery } from '../../api/me';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';

type Account = Schemas['GitAccountDto'];

const TYPES = ['github', 'gitlab', 'gitea'];
const EMPTY = { domain: '', type: 'github', token: '', login: '', email: '' };

/** Adds the account of a git server, or replaces the one that is stored for it. */
export function GitAccountDialog({ accounts, onClose }: { accounts: readonly Account[]; onClose: () => void }) {
  const { t } = useTranslation(['settings', 'ui']);
  const { values, set, setText } = useFields(EMPTY);
  const domain = values.domain.trim();
  const save = useAction(
    () => {
      const others = accounts.filter(({ git_domain: known }) => known !== domain);
      const account: Account = {
        git_domain: domain,
        git_token: values.token.trim(),
        type: values.type,
        ...(values.login.trim() !== '' && { git_login: values.login.trim(), user_name: values.login.trim() }),
        ...(values.email.trim() !== '' && { git_email: values.email.trim() }),
      };

      return api.PUT('/api/users/me', { body: { git_info: [...others, account] } });
    },
    { refresh: [meQuery.queryKey], onDone: onClose, isShownInPlace: true },
  );

  return (
    <FormDialog
      title={t('addGit')}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={domain !== '' && values.token.trim() !== ''}
      error={save.error}
      size="md"
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t('gitDomain')}
        placeholder="github.com"
        required
        data-autofocus
        value={values.domain}
        onChange={setText('domain')}
      />
      <Select
        label={t('gitType')}
        data={TYPES}
        allowDeselect={false}
        value={values.type}
        onChange={(type) => type !== null && set('type')(type)}
      />
      <PasswordInput
        label={t('gitToken')}
        description={t('gitTokenHint')}
        autoComplete="off"
        required
        value={values.token}
        onChange={setText('token')}
      />
      <TextInput label={t('gitLogin')} value={values.login} onChange={setText('login')} />
      <TextInput label={t('gitEmail')} type="email" value={values.email} onChange={setText('email')} />
    </FormDialog>
  );
}
