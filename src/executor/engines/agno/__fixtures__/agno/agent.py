import asyncio
import json
import time

from .events import Event, Metrics, ModelProviderError, Tool


class Agent:
    def __init__(self, **options):
        self.options = options
        self.name = options["name"]

    async def arun(self, prompt, stream, stream_events, session_id):
        assert stream and stream_events
        if prompt == "look":
            yield Event("RunContent", content=json.dumps(self.seen(session_id)))
        elif prompt == "refuse":
            raise ModelProviderError("too many requests", 429)
        elif prompt == "error":
            yield Event("RunError", content="the run broke")
        elif prompt == "hang":
            yield Event("RunContent", content="begun")
            time.sleep(1000)
        else:
            for event in self.work():
                await asyncio.sleep(0)
                yield event

    def work(self):
        print("a tool prints this")
        yield Event("RunStarted")
        yield Event("RunContent", reasoning_content="Hm.")
        yield Event("ToolCallStarted", tool=Tool("c1", "run_shell_command", {"args": ["ls"]}))
        yield Event("ToolCallCompleted", tool=Tool("c1", "run_shell_command", {}, result="a.txt"))
        yield Event("ToolCallStarted", tool=Tool("c2", "read_file", {"file_name": "b"}))
        yield Event("ToolCallCompleted", tool=Tool("c2", "read_file", {}, result="no such file", failed=True))
        yield Event("RunContent", content="Found ")
        yield Event("RunContent", content="it.")
        yield Event("RunCompleted", content="Found it.", metrics=Metrics())

    def seen(self, session_id):
        model = self.options["model"]
        tools = [type(tool).__name__ for tool in self.options["tools"]]
        mcp = [tool.options for tool in self.options["tools"] if type(tool).__name__ == "MCPTools"]
        return {
            "session": session_id,
            "model": [type(model).__name__, model.options],
            "instructions": self.options["instructions"],
            "tools": tools,
            "mcp": [{**each, "env": None, "server_params": getattr(each.get("server_params"), "options", None)} for each in mcp],
            "database": self.options["db"].file,
        }
