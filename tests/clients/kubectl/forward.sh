# Forwards a port of its own to TARGET's PORT, asks it once and ends the forward: sh forward.sh TARGET PORT
said=$(mktemp -u forward.XXXXXX)
mkfifo "$said"
# Both ends stay open, so that neither waits for the other.
exec 3<>"$said"
kubectl port-forward "$1" ":$2" --address 127.0.0.1 >&3 2>&1 &
forward=$!
trap 'kill $forward; rm "$said"' EXIT
line=$(timeout 20 head -n 1 <&3)
port=$(echo "$line" | sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p')
[ -n "$port" ] || { echo "$line"; exit 1; }
python3 -c "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())" \
  "http://127.0.0.1:$port/"
