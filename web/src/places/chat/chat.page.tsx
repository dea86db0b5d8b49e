import { VisuallyHidden } from '@mantine/core';
import { useRouterState } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useMemo, useRef } from 'react';
import { usePageSearch } from '../../ui/page/use-page-search';
import { useDraft } from './data/memory';
import { type Conversation, useConversation } from './data/use-conversation';
import { difyBotOf, firstTeam, type Team, useTeams } from './data/use-teams';
import { Composer } from './composer/composer';
import { FirstRun } from './first-run/first-run';
import { preloadMarkdown } from './markdown/markdown-text';
import { Announcer } from './thread/announcer';
import { LiveAnswerProvider } from './thread/live-answer';
import { Thread } from './thread/thread';
import { ThreadContext } from './thread/thread-context';
import { ThreadProblem, ThreadSkeleton } from './thread/thread-states';
import { useStopKey } from './thread/use-stop-key';
import { useTurnActions } from './thread/use-turn-actions';
import classes from './chat.module.css';

const NO_TEAMS: readonly Team[] = [];

/** A conversation, or the beginning of one. */
export function ChatPage() {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [, id] = /^\/chat\/(\d+)/.exec(path) ?? [];

  return <Chat key={id ?? 'new'} taskId={id === undefined ? null : Number(id)} />;
}

function Chat({ taskId }: { taskId: number | null }) {
  const conversation = useConversation(taskId);
  const { task } = conversation;
  const { teams, areTeamsComing, team, ownTeam, choose } = useChatTeam(taskId, conversation);
  const input = useRef<HTMLTextAreaElement>(null);
  const actions = useTurnActions(taskId, ownTeam);
  const thread = useMemo(
    () => ({ taskId: taskId ?? 0, team: ownTeam, botId: difyBotOf(ownTeam), actions }),
    [taskId, ownTeam, actions],
  );
  useEffect(() => {
    if (window.matchMedia('(hover: hover)').matches) input.current?.focus();
  }, []);
  useAskedTeam(taskId, choose);
  const canAsk = team !== undefined;
  useEffect(() => {
    // A question can be written before what shows answers is there.
    if (canAsk) preloadMarkdown();
  }, [canAsk]);
  const showExample = (teamName: string, text: string) => {
    choose(teams.find(({ name }) => name === teamName)?.id ?? null, text);
    input.current?.focus();
  };

  return (
    <LiveAnswerProvider taskId={taskId} task={task}>
      <ThreadContext value={thread}>
        {task && <ConversationHeading title={task.title} />}
        <StopKey />
        <Announcer />
        <div className={classes['chat']}>
          <Body
            taskId={taskId}
            conversation={conversation}
            teams={areTeamsComing ? undefined : teams}
            onExample={showExample}
          />
          <Composer
            taskId={taskId}
            teams={teams}
            team={team}
            botId={difyBotOf(team ?? null)}
            input={input}
            onTeam={(teamId) => choose(teamId)}
          />
        </div>
      </ThreadContext>
    </LiveAnswerProvider>
  );
}

/** Who is asked next, and who answered so far: the draft may name another team than the conversation has. */
function useChatTeam(taskId: number | null, { task, isLoading }: Conversation) {
  const { data: teams = NO_TEAMS, isPending, isFetching } = useTeams();
  const [draft, change] = useDraft(taskId);
  const find = (id: number | null | undefined) => teams.find((each) => each.id === id) ?? null;
  const first = taskId === null ? (firstTeam(teams) ?? null) : null;
  const ownTeam = find(task?.team_id);
  const choose = (teamId: number | null, text?: string) =>
    change({ ...(teamId !== null && { teamId, modelId: null }), ...(text !== undefined && { text }) });

  // A question that is sent before the conversation is read might be asked beside an answer that runs.
  const isOnItsWay = isPending || isLoading || (isFetching && isMissing(draft.teamId, teams));
  const known = isOnItsWay ? undefined : (find(draft.teamId) ?? ownTeam ?? first);

  return { teams, areTeamsComing: isPending, team: known, ownTeam: ownTeam ?? first, choose };
}

/** Whether a team is newer than the list of teams that is shown while a newer list is read. */
const isMissing = (id: number | null, teams: readonly Team[]) => id !== null && teams.every((each) => each.id !== id);

/** An address may name the team of a new conversation. Once chosen it is the draft's, and leaves the address. */
function useAskedTeam(taskId: number | null, choose: (teamId: number) => void): void {
  const { search, setSearch } = usePageSearch();
  const asked = taskId === null ? search.team : undefined;
  const accept = useEffectEvent((teamId: number) => {
    choose(teamId);
    setSearch({ team: undefined });
  });
  useEffect(() => {
    if (asked !== undefined) accept(asked);
  }, [asked]);
}

interface BodyProps {
  taskId: number | null;
  conversation: Conversation;
  teams: readonly Team[] | undefined;
  onExample: (teamName: string, text: string) => void;
}

function Body({ taskId, conversation, teams, onExample }: BodyProps) {
  const { task, error, turns, hasOlder, loadOlder, refresh } = conversation;
  if (taskId === null) return <FirstRun teams={teams} onExample={onExample} />;
  if (task) return <Thread taskId={taskId} turns={turns} hasOlder={hasOlder} loadOlder={loadOlder} />;
  if (error) return <ThreadProblem error={error} onRetry={() => void refresh()} />;

  return <ThreadSkeleton />;
}

/** The list shows the title to who sees it. */
function ConversationHeading({ title }: { title: string }) {
  return (
    <VisuallyHidden>
      <h1>{title}</h1>
    </VisuallyHidden>
  );
}

function StopKey() {
  useStopKey();

  return null;
}
