# Till as an image: one stage installs what it runs with, the other holds nothing else.
FROM node:24-slim AS packages
WORKDIR /till
COPY package.json package-lock.json ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/server/package.json packages/server/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
ENV TILL_HOST=0.0.0.0
ENV TILL_PORT=7575
ENV TILL_DATABASE_URL=sqlite:/data/till.db
WORKDIR /till
COPY --from=packages /till/node_modules node_modules
COPY LICENSE package.json ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/protocol/src packages/protocol/src
COPY packages/server/package.json packages/server/
COPY packages/server/bin packages/server/bin
COPY packages/server/sql packages/server/sql
COPY packages/server/src packages/server/src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 7575 7576
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "--eval", "fetch('http://127.0.0.1:' + process.env.TILL_PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "packages/server/bin/till.js"]
