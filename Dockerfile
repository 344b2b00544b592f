# The CSS and JavaScript of others, by the lock file.
FROM node:22-bookworm-slim AS vendor
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY internal/dev internal/dev
RUN internal/dev/vendor.sh

# The program: static, so that it needs nothing of the image it ends in.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=vendor /src/static/vendor static/vendor
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/soshik ./cmd/soshik \
    && mkdir /out/data && install -d -m 1777 /out/tmp

# Nothing but the program and the certificates it trusts: no shell, no root. Time zones are in the binary.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/soshik /usr/local/bin/soshik
# Imports are spooled here.
COPY --from=build /out/tmp /tmp
# A new volume takes over the folder's owner; without this it would belong to root.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SOSHIK_ADDR=0.0.0.0:8080 \
    SOSHIK_DATABASE=sqlite:/data/soshik.db \
    SOSHIK_DATA=/data
VOLUME /data
WORKDIR /data
EXPOSE 8080
# There is no curl in the image, so the program asks itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/soshik", "health", "--addr", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/soshik"]
CMD ["serve"]
