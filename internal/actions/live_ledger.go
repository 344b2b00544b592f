package actions

import (
	"context"
	"errors"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// ledgerRequests is how many requests are compared with the provider's lists at most for
// one page.
const ledgerRequests = 5

// compareLedger looks whether the provider lists what was handed over of what q asks for:
// a few requests, the newest first, as long as nobody has to wait too long. What was handed
// over within the settling time may not be listed yet, and what is about to be forgotten may
// not be any more. A failure of the provider ends it, and says nothing about what is left.
func (s *Service) compareLedger(ctx context.Context, k models.Appkey, q models.LiveQuery, began time.Time) (l models.LiveLedger, err error) {
	if !q.Comparable() {
		return models.LiveLedger{Off: true}, nil
	}
	now := s.Now()
	bs, fresh, err := s.DB.HandedRequests(ctx, k.ID, q, now.AddDate(0, 0, 1-kakao.RetentionDays), now.Add(-s.Timing.Settling), ledgerRequests+1)
	l.Fresh = fresh
	if err != nil || len(bs) == 0 {
		return l, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return l, err
	}
	client = client.WithTimeout(min(livePatience, s.Timing.CallTimeout))
	for i, b := range bs {
		if i == ledgerRequests || i > 0 && s.Now().Sub(began) > livePatience {
			l.Next = b.ID + 1
			break
		}
		u, sure, err := s.compareRequest(ctx, client, q, b)
		if _, provider := errors.AsType[*nhn.Error](err); provider {
			l.Failed, l.Next = models.TextOf(explain(err)), b.ID+1
			break
		}
		switch {
		case err != nil:
			return l, err
		case !sure:
			l.Unsure++
			continue
		case len(u.Messages) > 0:
			l.Missing = append(l.Missing, u)
		}
		l.Requests++
	}
	return l, nil
}

// compareRequest finds the messages of the batch b that the provider does not list in its
// request. It asks twice before it says so of any, and is not sure where a list has not
// all that it counts or the batch has changed meanwhile.
func (s *Service) compareRequest(ctx context.Context, client *nhn.Client, q models.LiveQuery, b models.Batch) (u models.Unlisted, sure bool, err error) {
	keys := map[string]bool{}
	for range 2 {
		listed, total, err := channelOf(q.Channel).search(ctx, client, search{requestID: b.RequestID, size: kakao.MaxPageSize})
		if err != nil {
			return u, false, err
		}
		seqs := map[int]bool{}
		for _, m := range listed {
			seqs[m.RecipientSeq], keys[m.RecipientGroupingKey] = true, true
		}
		// Listed before the ledger is read: what was handed over meanwhile is another request.
		if u, sure, err = s.DB.Unlisted(ctx, b, q, keys); err != nil || sure && len(u.Messages) == 0 {
			return u, sure, err
		}
		if whole := len(seqs) >= total && (len(seqs) == len(listed) || len(listed) < kakao.MaxPageSize); !sure || !whole {
			return u, false, nil
		}
	}
	return u, true, nil
}
