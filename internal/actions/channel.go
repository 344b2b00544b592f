package actions

import (
	"context"
	"fmt"
	"iter"
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
	// message is one message, with what only its own reading tells.
	message(ctx context.Context, client *nhn.Client, requestID string, seq int) (*nhn.Message, error)
	// search is a page of the messages that q asks for, and how many there are on all
	// pages; -1 if the provider does not say.
	search(ctx context.Context, client *nhn.Client, q search) ([]nhn.Message, int, error)
	// cancel asks to stop what has not been sent of a request, or of some of its
	// recipients.
	cancel(ctx context.Context, client *nhn.Client, requestID string, seqs ...int) error
	// takeResults goes on with the reading r of what became of open messages, and
	// records it. since is when the oldest of their requests was made.
	takeResults(ctx context.Context, s *Service, client *nhn.Client, r models.Reading, since time.Time) error
}

// search says which messages the provider is asked for. Zero fields do not narrow it;
// what a channel does not know is left out.
type search struct {
	requestID          string
	requested, created nhn.Window // both to the minute, and no wider than the channel allows
	phone              string
	sender             models.Sender
	templateCode       string
	groupingKey        string // of the request
	recipientKey       string
	status             string // kakao.Status…
	failed, delivered  bool   // the group of results
	createUser         string
	page, size         int
}

// group is the group of results that is asked for, by the channel's names of them.
func (q search) group(delivered, failed string) string {
	switch {
	case q.delivered:
		return delivered
	case q.failed:
		return failed
	}
	return ""
}

func channelOf(ch models.Channel) channel {
	switch ch {
	case models.FriendTalk:
		return friendTalk{}
	case models.BrandTalk:
		return brandTalk{}
	}
	panic(fmt.Errorf("no channel %q", ch))
}

// compose puts the messages of d together, one after another.
func (d *delivery) compose(each func(i int, m models.Message, composed models.Composed)) error {
	composer := models.NewComposer(d.campaign.Channel, d.campaign.Content, d.campaign.Fallback)
	for i, m := range d.messages {
		composed, skip, err := composer.Compose(m.Vars)
		if err != nil {
			return err
		}
		if skip != "" {
			return fmt.Errorf("message %d was planned and cannot be sent: %s", m.ID, skip)
		}
		each(i, m, composed)
	}
	return nil
}

// collect are all messages of a list.
func collect(list iter.Seq2[nhn.Message, error]) ([]nhn.Message, error) {
	var messages []nhn.Message
	for m, err := range list {
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// searched is where a search that begins at from ends: at to, unless that is more
// days away than a search may cover.
func searched(from, to time.Time, days int) time.Time {
	last := from.AddDate(0, 0, days).Add(-time.Minute)
	if to.After(last) {
		return last
	}
	return to
}

// attemptKey names an attempt to hand a batch over.
func attemptKey(c models.Campaign, batchID int64, attempt int) string {
	return models.AttemptKey(c, batchID, attempt)
}

// attemptOf is the attempt that a key of attemptKey names, -1 if it names none.
func attemptOf(key string) int {
	attempt, err := strconv.Atoi(key[strings.LastIndexByte(key, '.')+1:])
	if err != nil || attempt <= 0 {
		return -1
	}
	return attempt
}

// messageKey names a message to the provider, whatever the attempt.
func messageKey(c models.Campaign, m models.Message) string { return models.MessageKey(c, m) }

// parseMessageKey is the reverse of messageKey; ok is false for a key that is not
// ours.
func parseMessageKey(key string) (ulid string, messageID int64, ok bool) {
	return models.ParseMessageKey(key)
}
