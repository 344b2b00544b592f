package models

import (
	"fmt"
	"strconv"
	"strings"
)

// ulidLen is how long what names a campaign to the provider is.
const ulidLen = 26

// MessageKey names a message to the provider, whatever the attempt: its grouping key
// of a recipient.
func MessageKey(c Campaign, m Message) string {
	return fmt.Sprintf("%s.%d.%d", c.ULID, m.BatchID(), m.Position())
}

// ParseMessageKey is the reverse of [MessageKey]; ok is false for a key that is not
// ours.
func ParseMessageKey(key string) (ulid string, messageID int64, ok bool) {
	ulid, batch, position, ok := parseKey(key)
	if !ok || position >= 1<<positionBits {
		return "", 0, false
	}
	return ulid, MessageID(batch, position), true
}

// AttemptKey names an attempt to hand a batch over: to the provider as the request's
// grouping key and as its idempotency key.
func AttemptKey(c Campaign, batchID int64, attempt int) string {
	return fmt.Sprintf("%s.%d.%d", c.ULID, batchID, attempt)
}

// ParseAttemptKey is the reverse of [AttemptKey]; ok is false for a key that is not
// ours.
func ParseAttemptKey(key string) (ulid string, batchID int64, attempt int, ok bool) {
	return parseKey(key)
}

func parseKey(key string) (ulid string, batchID int64, last int, ok bool) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 || len(parts[0]) != ulidLen {
		return "", 0, 0, false
	}
	batchID, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || batchID <= 0 || batchID > maxBatchID {
		return "", 0, 0, false
	}
	last, err = strconv.Atoi(parts[2])
	if err != nil || last <= 0 {
		return "", 0, 0, false
	}
	return parts[0], batchID, last, true
}

// maxBatchID is the highest id of a batch of which ids of messages can be made.
const maxBatchID = 1<<(63-positionBits) - 1
