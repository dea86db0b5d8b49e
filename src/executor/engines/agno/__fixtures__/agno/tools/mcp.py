class StreamableHTTPClientParams:
    def __init__(self, **options):
        self.options = options


class SSEClientParams(StreamableHTTPClientParams):
    pass


class MCPTools:
    def __init__(self, **options):
        self.options = options

    async def connect(self):
        pass

    async def close(self):
        pass
