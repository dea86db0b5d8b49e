# The server for production. It listens on all interfaces, which it does with AUTH_MODE=jwt only. It runs without root and
# with a read-only root filesystem; it writes to /app/data and /tmp. With DATABASE_URL and REDIS_URL it keeps nothing;
# without them everything is in /app/data.

# By digest, because a tag moves. A newer one: --build-arg NODE_IMAGE=node:24-slim@sha256:…, see docs/production.md.
ARG NODE_IMAGE=node:24-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY web/package.json ./web/
RUN npm ci --no-audit --no-fund
COPY nest-cli.json .swcrc tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY tools ./tools
COPY web ./web
# The page needs no packages once it is built.
RUN npm run build && npm prune --omit=dev --workspaces=false --no-audit --no-fund
# Two fifths of it is for compilers and debuggers. TypeScript is an optional peer of Nest's Swagger, for its plugin. The
# files *.map of dist/database-template belong to Postgres.
RUN rm -r node_modules/typescript \
 && find node_modules dist/src dist/tools -type f \
    \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
# For the embedded mode; with REDIS_URL it is not started.
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/web/dist ./web/dist
COPY seeds ./seeds
RUN mkdir data && chown node:node data
# The user `node`, by number: engines that forbid root cannot look names up.
USER 1000:1000
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    AUTH_MODE=jwt \
    DATA_DIR=/app/data \
    LOG_FORMAT=json
VOLUME ["/app/data", "/tmp"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}${process.env.ROLES === 'executor-manager' ? '/health' : '/api/health/live'}`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Handles SIGTERM itself. Give it more than SHUTDOWN_GRACE_SECONDS (30) before killing it.
CMD ["node", "dist/src/main.js"]
