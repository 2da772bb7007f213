#!/bin/sh
# Write the digest that the base image of a Dockerfile has in its registry now into the Dockerfile.
#   sh workflow/base_image.sh Dockerfile
set -eu
file=$1
image=$(sed -n 's/^FROM \([^@ ]*\).*/\1/p' "$file")
if command -v skopeo >/dev/null; then
    digest=$(skopeo inspect --format '{{.Digest}}' "docker://docker.io/library/$image")
elif command -v docker >/dev/null; then
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
else
    echo "Neither skopeo nor docker is here to ask the registry with; install one (Debian: apt install skopeo)." >&2
    exit 1
fi
if ! echo "$digest" | grep -qx 'sha256:[0-9a-f]\{64\}'; then
    echo "The registry gave no digest of $image, but '$digest'; $file stays as it was." >&2
    exit 1
fi
sed "s|^FROM .*|FROM $image@$digest|; /^# NOT PINNED/d" "$file" >"$file.new"
mv "$file.new" "$file"
echo "$file is built on $image@$digest"
