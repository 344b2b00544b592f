package actions

import (
	"context"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/riverqueue/river"

	"soshik/models"
)

// DeliverNotice asks a worker to run [Service.DeliverNotice].
type DeliverNotice struct {
	DeliveryID int64 `json:"delivery_id"`
}

// Kind names the job.
func (DeliverNotice) Kind() string { return "deliver_notice" }

// The queues of what is told outside: a receiver that does not answer holds up nothing
// but its own kind.
const (
	QueueMail    = "mail"
	QueueWebhook = "webhook"
)

const (
	// deliveryLease is how long an attempt may take before another job makes one.
	deliveryLease = 2 * time.Minute
	// deliveriesAtOnce is how many deliveries one sweep takes up.
	deliveriesAtOnce = 200
)

// deliveryWaits are how long to wait after each attempt that has failed. After the last
// one nothing is tried any more, a little more than a day later.
func deliveryWaits() []time.Duration {
	return []time.Duration{
		10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 18 * time.Hour,
	}
}

// Telling is how people are told of notices outside. The zero value tells nobody.
type Telling struct {
	// Letter puts a notice in the words of a person; of the zero User, in those of the
	// installation.
	Letter func(models.Notice, models.User) (models.Letter, error)
	// Mail sends a letter; nil where the installation sends no mail.
	Mail func(context.Context, models.Letter) error
	// Private lets webhooks be in our own network, and be without TLS.
	Private bool
	// URL is where people find the site, without a slash at its end; empty if it is not
	// known.
	URL string
}

// notify tells people of what has happened to a campaign, in the transaction in which
// it happens: n says what (its kind, its reason, who has asked), the campaign the rest.
// Nobody is told of tests.
func (s *Service) notify(ctx context.Context, tx *models.DB, c models.Campaign, n models.Notice) (err error) {
	if c.Test {
		return nil
	}
	n.TeamID, n.AppkeyID, n.CampaignID, n.Name, n.CreatedAt = c.TeamID, c.AppkeyID, c.ID, models.WithoutPhones(c.Name), s.Now()
	if n.Counts, err = tx.Equation(ctx, c); err != nil {
		return err
	}
	if err := tx.CreateNotice(ctx, &n); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	told, err := tx.Told(ctx, n, c)
	if err != nil {
		return err
	}
	if err := tx.CreateNotifications(ctx, n, told); err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	for _, u := range told {
		if s.Telling.Mail == nil || !u.Mails(n.Kind.Topic()) {
			continue
		}
		if err := s.deliver(ctx, tx, n, u.ID); err != nil {
			return err
		}
	}
	_, found, err := tx.Webhook(ctx, n.TeamID)
	if err != nil || !found {
		return err
	}
	return s.deliver(ctx, tx, n, 0)
}

// deliver has a notice told by mail to a person or, if userID is 0, to the team's
// webhook.
func (s *Service) deliver(ctx context.Context, tx *models.DB, n models.Notice, userID int64) error {
	now := s.Now()
	d := models.NoticeDelivery{
		ULID: ulid.Make().String(), NoticeID: n.ID, TeamID: n.TeamID, UserID: userID, State: models.DeliveryWaiting,
		DueAt: now.Add(deliveryLease), CreatedAt: now,
	}
	if err := tx.CreateNoticeDelivery(ctx, &d); err != nil {
		return fmt.Errorf("delivery: %w", err)
	}
	return s.insertDelivery(ctx, tx, d)
}

func (s *Service) insertDelivery(ctx context.Context, tx *models.DB, d models.NoticeDelivery) error {
	opts := &river.InsertOpts{MaxAttempts: 1, Queue: QueueWebhook}
	if d.ByMail() {
		opts.Queue = QueueMail
	}
	_, err := s.Jobs.InsertTx(ctx, tx.SQLTx(), DeliverNotice{DeliveryID: d.ID}, opts)
	return err
}

// DeliverNotice makes an attempt to tell somebody of a notice. It is made at least
// once: where the program dies between the attempt and its record, it is made again.
func (s *Service) DeliverNotice(ctx context.Context, id int64) error {
	d, err := s.DB.NoticeDelivery(ctx, id)
	if err != nil || d.State != models.DeliveryWaiting {
		return err
	}
	ours, err := s.DB.BeginAttempt(ctx, d, s.Now().Add(deliveryLease))
	if err != nil || !ours {
		return err
	}
	d.Attempts++
	n, err := s.DB.Notice(ctx, d.NoticeID)
	if err != nil {
		return err
	}
	if d.ByMail() {
		err = s.mailNotice(ctx, d, n)
	} else {
		err = s.postNotice(ctx, d, n)
	}
	if err := s.endAttempt(ctx, d, err); err != nil {
		return fmt.Errorf("delivery %d: %w", d.ID, err)
	}
	return nil
}

// endAttempt writes down what came of an attempt, and when the next one is made.
func (s *Service) endAttempt(ctx context.Context, d models.NoticeDelivery, attemptErr error) error {
	now, waits := s.Now(), deliveryWaits()
	switch {
	case attemptErr == nil:
		d.State, d.EndedAt, d.Problem = models.DeliveryDelivered, &now, models.Text{}
	case d.Attempts > len(waits) || models.KindOf(attemptErr) == models.NotFound:
		d.State, d.EndedAt, d.Problem = models.DeliveryFailed, &now, models.TextOf(attemptErr)
		s.Log.WarnContext(ctx, "a notice could not be delivered", "delivery", d.ID, "mail", d.ByMail(), "error", attemptErr)
	default:
		d.DueAt, d.Problem = now.Add(waits[d.Attempts-1]), models.TextOf(attemptErr)
		s.Log.InfoContext(ctx, "a notice will be delivered later", "delivery", d.ID, "mail", d.ByMail(), "error", attemptErr)
	}
	return s.DB.EndAttempt(context.WithoutCancel(ctx), d)
}

// mailTimeout is how long a mail may take.
const mailTimeout = 30 * time.Second

func (s *Service) mailNotice(ctx context.Context, d models.NoticeDelivery, n models.Notice) error {
	if s.Telling.Mail == nil {
		return models.Errorf(models.NotFound, "notice.mail_off")
	}
	u, err := s.DB.User(ctx, d.UserID)
	if err != nil {
		return err
	}
	letter, err := s.Telling.Letter(n, u)
	if err != nil {
		return err
	}
	letter.ID, letter.To = d.ULID, u.Email
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := s.Telling.Mail(ctx, letter); err != nil {
		return &models.Error{Kind: models.Upstream, Key: "notice.mail_failed", Err: err}
	}
	return nil
}

// sweepDeliveries gives deliveries a job whose time has come, or whose job was lost.
func (s *Service) sweepDeliveries(ctx context.Context) error {
	now := s.Now()
	ds, err := s.DB.DueNoticeDeliveries(ctx, now, deliveriesAtOnce)
	if err != nil {
		return err
	}
	for _, d := range ds {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.PostponeNoticeDelivery(ctx, d, now.Add(deliveryLease))
			if err != nil || !ours {
				return err
			}
			return s.insertDelivery(ctx, tx, d)
		})
		if err != nil {
			return fmt.Errorf("delivery %d: %w", d.ID, err)
		}
	}
	return nil
}

// endKind is what a campaign that has ended with e is told as.
func endKind(e models.Equation) models.NoticeKind {
	if e.Delivered+e.SMSDelivered == 0 && e.Failed+e.Refused > 0 {
		return models.NoticeFailed
	}
	return models.NoticeFinished
}
