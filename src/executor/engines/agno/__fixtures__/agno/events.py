"""Events as the real package names them."""


class Tool:
    def __init__(self, call_id, name, args, result=None, failed=False):
        self.tool_call_id = call_id
        self.tool_name = name
        self.tool_args = args
        self.result = result
        self.tool_call_error = failed


class Metrics:
    input_tokens = 10
    output_tokens = 5
    total_tokens = 15


class Event:
    def __init__(self, event, **fields):
        self.event = event
        self.content = None
        self.reasoning_content = None
        self.__dict__.update(fields)


class ModelProviderError(Exception):
    """As agno raises it for what a provider refuses."""

    def __init__(self, message, status_code):
        super().__init__(message)
        self.status_code = status_code
