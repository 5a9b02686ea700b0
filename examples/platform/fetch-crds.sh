#!/bin/sh
# Fills crd-manifests/ with the Gateway API's standard channel, from the Go module: the version is pinned and checked by go.sum's database.
set -eu
version=${GATEWAY_API_VERSION:-v1.6.1}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "${TMPDIR:-/tmp}" && go mod download -json "sigs.k8s.io/gateway-api@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
[ -n "$folder" ] || { echo "fetch-crds: the Go module proxy did not give sigs.k8s.io/gateway-api@$version" >&2; exit 1; }
for file in "$folder"/config/crd/standard/*.yaml; do
  case $file in */kustomization.yaml) continue ;; esac
  install -m 0644 "$file" "$here/crd-manifests/"
done
echo "crd-manifests/: Gateway API $version, standard channel, $(ls "$here/crd-manifests" | wc -l) files"
