# Forwards a port of its own to TARGET's PORT, asks it once and ends the forward: sh forward.sh TARGET PORT
kubectl port-forward "$1" ":$2" --address 127.0.0.1 >forward.log 2>&1 &
forward=$!
trap 'kill $forward' EXIT
for _ in $(seq 200); do
  port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' forward.log | head -n 1)
  [ -n "$port" ] && break
  kill -0 $forward || { cat forward.log; exit 1; }
  sleep 0.05
done
python3 -c "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())" \
  "http://127.0.0.1:$port/"
