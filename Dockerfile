# One image for every service; the command says which. Built in stages, so that what runs carries no compiler, no
# package cache and no Python.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY . .
# No install scripts: the binaries lie inside the packages.
RUN --mount=type=cache,target=/npm-cache npm_config_cache=/npm-cache npm ci --ignore-scripts
RUN npx tsc -b
RUN npm prune --omit=dev --ignore-scripts

# The embedding model, so that a container needs no network to search.
FROM node:24.21.0-bookworm-slim AS model
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
COPY tools/model tools/model
RUN node tools/model/fetch-model.mjs /model

FROM node:24.21.0-bookworm-slim AS services
LABEL org.opencontainers.image.title="Hindcast" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
# node_modules has links into these.
COPY --from=build /app/tools/stubs tools/stubs
# Makes the servers' passwords, once, and asks a service how it is.
COPY --from=build /app/tools/servers tools/servers
COPY --from=build /app/tools/stack tools/stack
COPY --from=build /app/libs libs
COPY --from=build /app/apps apps
COPY --from=build /app/migrations migrations
COPY --from=model /model /var/cache/hindcast
# A named volume takes over the owner of the folder that it covers.
RUN install --directory --owner=node --group=node /var/lib/hindcast /run/hindcast/access /run/hindcast/questdb /run/hindcast/redis
# In a container its own network is the boundary; docker-compose.yml publishes ports on the host's loopback only.
ENV HINDCAST_HOME=/var/lib/hindcast HINDCAST_CACHE=/var/cache/hindcast HINDCAST_CONTAINER=true HINDCAST_BIND=0.0.0.0
VOLUME /var/lib/hindcast
USER node
STOPSIGNAL SIGTERM
CMD ["node", "apps/cli/bin/hindcast.mjs", "--help"]
