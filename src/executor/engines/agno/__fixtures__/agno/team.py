from .events import Event, Metrics, Tool


class Team:
    def __init__(self, **options):
        self.options = options

    async def arun(self, prompt, stream, stream_events, session_id):
        names = [member.name for member in self.options["members"]]
        mode = [name for name in ("respond_directly", "delegate_to_all_members") if self.options.get(name)]
        yield Event("TeamToolCallStarted", tool=Tool("d1", "delegate_task_to_member", {"member_id": names[0]}))
        yield Event("RunContent", content="what a member says", agent_name=names[0])
        yield Event("ToolCallStarted", tool=Tool("m1", "read_file", {}), agent_name=names[0])
        yield Event("ToolCallCompleted", tool=Tool("m1", "read_file", {}, result="x"), agent_name=names[0])
        yield Event("RunCompleted", metrics=Metrics())
        yield Event("TeamToolCallCompleted", tool=Tool("d1", "delegate_task_to_member", {}, result="done"))
        yield Event("TeamRunContent", content=f"{','.join(names)} {','.join(mode)}")
        yield Event("TeamRunCompleted", metrics=Metrics())
