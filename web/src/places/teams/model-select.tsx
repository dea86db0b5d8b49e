import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { modelsQuery } from '../../api/catalog';

interface Props {
  value: string | null;
  error: string | undefined;
  isOptional?: boolean;
  onChange: (model: string | null) => void;
}

/** The models that can be bound to a bot. */
export function ModelSelect({ value, error, isOptional = false, onChange }: Props) {
  const { t } = useTranslation('teams');
  const { data: models = [] } = useQuery(modelsQuery);
  const active = models.filter(({ isActive }) => isActive);
  const names = new Map(active.map(({ name, displayName }) => [name, displayName ?? name]));
  if (value !== null && !names.has(value)) names.set(value, t('lostModel', { name: value }));

  return (
    <Select
      label={t('model')}
      placeholder={isOptional ? t('noModel') : t('chooseModel')}
      required={!isOptional}
      clearable={isOptional}
      searchable
      nothingFoundMessage={t('noModels')}
      data={[...names].map(([name, label]) => ({ value: name, label }))}
      value={value}
      error={error}
      onChange={onChange}
    />
  );
}
