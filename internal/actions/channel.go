package actions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"soshik/internal/nhn"
	"soshik/models"
)

// channel is how messages of one kind are sent, listed and cancelled. Nothing else
// in this package asks which channel it is.
type channel interface {
	// send makes the request of d; it is made once. Under an idempotency key that
	// the provider knows already it fails instead of being carried out again.
	send(ctx context.Context, client *nhn.Client, d *delivery) (*nhn.SendResult, error)
	// carriesImages reports whether a request names an image that was uploaded before.
	carriesImages() bool
	// repeats reports whether a request may be made again under its key.
	repeats() bool
	// listed are the messages that the provider has stored under the grouping key of
	// an attempt, created between from and to.
	listed(ctx context.Context, client *nhn.Client, groupingKey string, from, to time.Time) ([]nhn.Message, error)
	// request are the messages of a request.
	request(ctx context.Context, client *nhn.Client, requestID string) ([]nhn.Message, error)
	// cancel asks to stop what has not been sent of a request.
	cancel(ctx context.Context, client *nhn.Client, requestID string) error
}

func channelOf(ch models.Channel) channel { //nolint:unparam // the empty struct of the only channel is taken for nil
	if ch == models.FriendTalk {
		return friendTalk{}
	}
	panic(fmt.Errorf("no channel %q", ch))
}

// attemptKey names an attempt to hand a batch over: to the provider as the
// request's grouping key and as its idempotency key.
func attemptKey(c models.Campaign, batchID int64, attempt int) string {
	return fmt.Sprintf("%s.%d.%d", c.ULID, batchID, attempt)
}

// messageKey names a message to the provider, whatever the attempt.
func messageKey(c models.Campaign, m models.Message) string {
	return fmt.Sprintf("%s.%d.%d", c.ULID, m.BatchID(), m.Position())
}

// parseMessageKey is the reverse of messageKey; ok is false for a key that is not
// ours.
func parseMessageKey(key string) (ulid string, messageID int64, ok bool) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 || len(parts[0]) != ulidLen {
		return "", 0, false
	}
	batch, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || batch <= 0 {
		return "", 0, false
	}
	position, err := strconv.Atoi(parts[2])
	if err != nil || position <= 0 || position >= 1024 {
		return "", 0, false
	}
	return parts[0], models.MessageID(batch, position), true
}

const ulidLen = 26
