import { useTranslation } from 'react-i18next';
import { FirstStep } from '../../../ui/page/first-step';
import { Section } from '../../../ui/page/place';
import { StepTimeline } from '../../chat/steps/step-timeline';
import { isActive } from '../task-state';
import type { Task } from '../tasks.data';

/** What apps and executors did for each answer, with durations, tokens and errors. */
export function TaskSteps({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const answers = task.subtasks.filter(({ result }) => (result?.['steps'] ?? []).length > 0);
  if (answers.length === 0) return <FirstStep title={t('noSteps')} text={t('noStepsText')} />;

  return answers.map(({ id, status, result }) => (
    <Section key={id} title={t('answer', { id })}>
      <StepTimeline steps={result?.['steps'] ?? []} isRunning={isActive(status)} isOpenAtFirst />
    </Section>
  ));
}
