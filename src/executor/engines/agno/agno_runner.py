"""Runs agents of the package `agno` (2.0 or newer) for Conch's executor.

Reads one JSON object from stdin (see agno.engine.ts) and writes JSON lines to stdout:
  {"type": "content" | "reasoning", "text"}, {"type": "tool", "id", "name", "input" | "result" | "error", "parent"},
  {"type": "usage", "input", "output", "total"}, {"type": "error", "kind", "message"}, {"type": "done"}
Keys of models come by stdin, and are never written.
"""

import asyncio
import json
import os
import sys


def write(**line):
    """Writes a line; what JSON does not know is written as text."""
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


def model_of(bot):
    """Returns the model of a bot, by its provider."""
    model = bot["model"]
    options = {"id": model["id"], "api_key": model["api_key"]}
    if model["headers"]:
        options["default_headers"] = model["headers"]
    if model["provider"] == "claude":
        from agno.models.anthropic import Claude

        if model["base_url"]:
            options["client_params"] = {"base_url": model["base_url"]}
        return Claude(**options)
    from agno.models.openai import OpenAIChat

    if model["base_url"]:
        options["base_url"] = model["base_url"]
    return OpenAIChat(**options)


async def tools_of(bot):
    """Connects to the MCP servers of a bot. A server that does not answer fails the run."""
    tools = []
    for server in bot["mcp_servers"].values():
        from agno.tools.mcp import MCPTools

        kind = server["type"]
        if kind == "stdio":
            command = " ".join([server["command"], *server.get("args", [])])
            mcp = MCPTools(command=command, env={**os.environ, **server.get("env", {})})
        else:
            mcp = MCPTools(transport="sse" if kind == "sse" else "streamable-http", server_params=params_of(kind, server))
        await mcp.connect()
        tools.append(mcp)
    return tools


def params_of(kind, server):
    """Returns the connection of an MCP server with an address."""
    from agno.tools.mcp import SSEClientParams, StreamableHTTPClientParams

    params = SSEClientParams if kind == "sse" else StreamableHTTPClientParams
    return params(url=server["url"], headers=server.get("headers") or None)


def file_tools(directory):
    """Returns the tools to read, write and run what is in the workspace."""
    from pathlib import Path

    from agno.tools.file import FileTools
    from agno.tools.shell import ShellTools

    return [FileTools(base_dir=Path(directory)), ShellTools(base_dir=Path(directory))]


async def agent_of(bot, job, shared):
    """Returns the agent of a bot."""
    from agno.agent import Agent

    tools = await tools_of(bot)
    agent = Agent(
        name=bot["name"],
        role=bot["role"] or None,
        model=model_of(bot),
        instructions=bot["system_prompt"] or None,
        tools=[*file_tools(job["directory"]), *tools],
        markdown=True,
        **shared,
    )
    return agent, tools


def team_options(mode):
    """Returns what makes a team route to one member, or ask all; else its leader coordinates."""
    if mode == "route":
        return {"respond_directly": True}
    if mode == "collaborate":
        return {"delegate_to_all_members": True}
    return {}


async def runner_of(job, shared):
    """Returns the agent of a single bot, or a team that the first bot leads, and all connections to close."""
    pairs = [await agent_of(bot, job, shared) for bot in job["bots"]]
    agents = [agent for agent, _ in pairs]
    connections = [tool for _, tools in pairs for tool in tools]
    if len(agents) == 1:
        return agents[0], connections
    from agno.team import Team

    leader = job["bots"][0]
    members = agents if job["mode"] == "collaborate" else agents[1:]
    team = Team(
        name=leader["name"],
        members=members,
        model=model_of(leader),
        instructions=leader["system_prompt"] or None,
        markdown=True,
        **team_options(job["mode"]),
        **shared,
    )
    return team, connections


def shared_options(job):
    """Returns where conversations are kept between turns; without SQLAlchemy they are not."""
    try:
        from agno.db.sqlite import SqliteDb

        db = SqliteDb(db_file=job["database"])
    except ImportError as error:
        print(f"conversations are not kept: {error}", file=sys.stderr)
        return {"telemetry": False}
    return {"db": db, "add_history_to_context": True, "telemetry": False}


def report(event, state):
    """Writes what an event of the run says. Events of members come without the prefix `Team`."""
    name = getattr(event, "event", "")
    is_leader = name.startswith("Team") or not state["team"]
    kind = name.removeprefix("Team")
    if kind in ("RunContent", "RunIntermediateContent"):
        report_text(event, is_leader, kind)
    elif kind == "ReasoningContentDelta" and is_leader:
        write(type="reasoning", text=event.reasoning_content or "")
    elif kind in ("ToolCallStarted", "ToolCallCompleted", "ToolCallError"):
        report_tool(event, kind, None if is_leader else getattr(event, "agent_name", None))
    elif kind == "RunCompleted":
        report_usage(getattr(event, "metrics", None), state)
    elif kind == "RunError" and is_leader:
        raise RuntimeError(str(getattr(event, "content", "") or "the run has failed"))


def report_text(event, is_leader, kind):
    """Writes text; what members say among themselves is part of their steps alone."""
    if not is_leader or kind != "RunContent":
        return
    reasoning = getattr(event, "reasoning_content", None)
    if reasoning:
        write(type="reasoning", text=reasoning)
    if event.content:
        write(type="content", text=str(event.content))


def report_tool(event, kind, parent):
    """Writes a call of a tool, or its result."""
    tool = getattr(event, "tool", None)
    if tool is None:
        return
    name = getattr(tool, "tool_name", None) or "tool"
    line = {"type": "tool", "id": getattr(tool, "tool_call_id", None) or f"tool-{id(tool)}", "name": name}
    if parent:
        line["parent"] = parent
    failed = kind == "ToolCallError" or bool(getattr(tool, "tool_call_error", False))
    if kind == "ToolCallStarted":
        write(**line, input=getattr(tool, "tool_args", None) or {})
    elif failed:
        write(**line, error=str(getattr(event, "error", None) or getattr(tool, "result", None) or "failed"))
    else:
        write(**line, result=str(getattr(tool, "result", None) or ""))


def report_usage(metrics, state):
    """Writes the tokens of all runs so far."""
    if metrics is None:
        return
    for name in ("input", "output", "total"):
        state[name] += getattr(metrics, f"{name}_tokens", 0) or 0
    write(type="usage", input=state["input"], output=state["output"], total=state["total"])


async def answer(job):
    """Runs the bots, and writes what they do."""
    runner, connections = await runner_of(job, shared_options(job))
    state = {"team": len(job["bots"]) > 1, "input": 0, "output": 0, "total": 0}
    try:
        stream = runner.arun(job["prompt"], stream=True, stream_events=True, session_id=job["session_id"])
        async for event in stream:
            report(event, state)
    finally:
        for connection in connections:
            await connection.close()


def kind_of(error):
    """Returns what an error is about: the status of the provider, as agno and the clients of providers show it."""
    status = getattr(error, "status_code", None)
    return str(status) if isinstance(status, int) else type(error).__name__


def main():
    """Reads the job, and ends with the exit code 1 when it fails."""
    job = json.load(sys.stdin)
    try:
        asyncio.run(answer(job))
    except ModuleNotFoundError as error:
        write(type="error", kind="missing", message=f"the image has no Python package {error.name}")
        sys.exit(1)
    except Exception as error:  # The executor reports any failure; a traceback could show keys.
        write(type="error", kind=kind_of(error), message=str(error) or type(error).__name__)
        sys.exit(1)
    write(type="done")


if __name__ == "__main__":
    main()
