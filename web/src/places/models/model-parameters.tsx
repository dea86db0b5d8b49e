import { Accordion, JsonInput, NumberInput, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../ui/forms/field-error';
import type { useFields } from '../../ui/forms/use-fields';
import { HeaderRows } from './header-rows';
import { isObjectText, type ModelFields } from './model-fields';

type Setters = Pick<ReturnType<typeof useFields<ModelFields>>, 'set' | 'setText'>;
type NumberName = 'maxTokens' | 'temperature' | 'contextWindow' | 'priceInput' | 'priceOutput' | 'priceCached';

/** What few models need: parameters, prices, headers; folded until it is opened. */
export function ModelParameters({ fields, error, set, setText }: { fields: ModelFields; error: unknown } & Setters) {
  const { t } = useTranslation('models');
  const number = (name: NumberName, problem?: string) => ({
    label: t(name),
    description: t(`${name}Hint`),
    value: fields[name],
    min: 0,
    hideControls: true,
    error: problem === undefined ? undefined : fieldError(error, problem),
    onChange: (value: number | string) => set(name)(typeof value === 'number' ? value : ''),
  });

  return (
    <Accordion variant="contained" multiple>
      <Accordion.Item value="parameters">
        <Accordion.Control>{t('parameters')}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, sm: 3 }}>
              <NumberInput {...number('maxTokens', 'parameters.maxTokens')} allowDecimal={false} />
              <NumberInput {...number('contextWindow', 'parameters.contextWindow')} allowDecimal={false} />
              <NumberInput {...number('temperature', 'parameters.temperature')} max={2} step={0.1} />
            </SimpleGrid>
            {fields.provider === 'openai' && (
              <TextInput
                label={t('reasoningEffort')}
                description={t('reasoningEffortHint')}
                value={fields.reasoningEffort}
                onChange={setText('reasoningEffort')}
              />
            )}
            <Textarea
              label={t('systemPrompt')}
              description={t('systemPromptHint')}
              value={fields.systemPrompt}
              autosize
              minRows={2}
              maxRows={8}
              onChange={setText('systemPrompt')}
            />
            <JsonInput
              label={t('more')}
              description={t('moreHint')}
              placeholder='{"topP": 0.9, "extraBody": {}}'
              value={fields.more}
              error={isObjectText(fields.more) ? undefined : t('notAnObject')}
              autosize
              minRows={2}
              maxRows={12}
              onChange={set('more')}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="prices">
        <Accordion.Control>{t('prices')}</Accordion.Control>
        <Accordion.Panel>
          <SimpleGrid cols={{ base: 1, sm: 4 }}>
            <NumberInput {...number('priceInput', 'parameters.prices.input')} />
            <NumberInput {...number('priceOutput', 'parameters.prices.output')} />
            <NumberInput {...number('priceCached', 'parameters.prices.cached')} />
            <TextInput
              label={t('currency')}
              description={t('currencyHint')}
              value={fields.currency}
              maxLength={3}
              error={fieldError(error, 'parameters.prices.currency')}
              onChange={setText('currency')}
            />
          </SimpleGrid>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="headers">
        <Accordion.Control>{t('headers', { count: fields.headers.length })}</Accordion.Control>
        <Accordion.Panel>
          <HeaderRows headers={fields.headers} error={fieldError(error, 'headers')} onChange={set('headers')} />
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
