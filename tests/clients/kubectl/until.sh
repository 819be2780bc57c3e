# Repeats a command until it succeeds, a minute at most: sh until.sh COMMAND...
for _ in $(seq 240); do
  "$@" && exit 0
  sleep 0.25
done
exit 1
