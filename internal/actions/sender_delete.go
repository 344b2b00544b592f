package actions

import (
	"context"
	"errors"
	"slices"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// DeleteSender is what is filled in to have a sender deleted.
type DeleteSender struct {
	Confirm string   // the sender's PlusFriendID, typed
	Anyway  bool     // although the campaigns that were seen break with it
	Seen    []string // by their [models.Campaign.Need]
}

var (
	errSenderGone = models.Errorf(models.Conflict, "sender.delete.gone")
	errNoKey      = models.Errorf(models.Conflict, "sender.delete.no_key")
)

// DeleteSender has a sender deleted by the provider, and with it the templates that
// are registered for it. The row stays, marked as gone, so that its past can be read.
// While a campaign needs the sender, it is refused with [models.Conflict], unless
// in.Anyway and it is one of those that were seen.
func (s *Service) DeleteSender(ctx context.Context, by models.Actor, k models.Appkey, sender models.Sender, in DeleteSender) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	if sender.GoneAt != nil {
		return errSenderGone
	}
	broken, err := s.DB.BreakingCampaigns(ctx, sender.ID)
	if err != nil {
		return err
	}
	if err := in.check(sender, broken); err != nil {
		return err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // what the provider has done is recorded
	e := senderEvent("sender.delete", k, sender)
	e.Before = sender.Unexposed()
	how, err := s.deleted(ctx, client, k, sender)
	if err != nil {
		return s.failed(ctx, by, e, err)
	}
	e.After = deletion{how, names(broken)}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		return tx.MarkSenderDeleted(ctx, sender.ID, by.User.ID, s.Now())
	})
}

// check refuses what was not typed as it must be, and what would break campaigns.
func (in DeleteSender) check(sender models.Sender, broken []models.Campaign) error {
	fields := map[string]models.Text{}
	if (models.NewSender{PlusFriendID: in.Confirm}).Normal().PlusFriendID != sender.PlusFriendID {
		fields["confirm"] = models.T("sender.delete.confirm_wrong", "Sender", sender.PlusFriendID)
	}
	if len(broken) > 0 && !in.Anyway {
		fields["anyway"] = models.T("sender.delete.breaks", "Count", len(broken))
	} else if unseen := in.unseen(broken); unseen > 0 {
		fields["anyway"] = models.T("sender.delete.more_break", "Count", unseen)
	}
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Conflict, Key: "error.invalid", Fields: fields}
}

// unseen is how many of the campaigns have come since in was asked for.
func (in DeleteSender) unseen(broken []models.Campaign) (n int) {
	for _, c := range broken {
		if !slices.Contains(in.Seen, c.Need()) {
			n++
		}
	}
	return n
}

// How it is known that a sender is deleted.
const (
	deletedNow    = "deleted"
	deletedBefore = "already deleted"                // the provider knows no such sender
	deletedDoubt  = "no answer, and not listed then" // the call was carried out though it failed
)

// deletion is what the audit log keeps of one that came about.
type deletion struct {
	Result string   `json:"result"`
	Broken []string `json:"broken_campaigns,omitempty"`
}

// deleted has the provider delete sender, and says how that is known. Where the
// answer leaves it in doubt, the provider's list decides.
func (s *Service) deleted(ctx context.Context, client *nhn.Client, k models.Appkey, sender models.Sender) (how string, err error) {
	if sender.SenderKey == "" { // registered here, and not read since
		sender, err = s.listed(ctx, client, k, sender)
		switch {
		case errors.Is(err, errNotListed):
			return deletedBefore, nil
		case err != nil:
			return "", err
		case sender.SenderKey == "":
			return "", errNoKey
		}
	}
	err = client.DeleteSender(ctx, sender.SenderKey)
	if err == nil {
		return deletedNow, nil
	}
	answer, ok := errors.AsType[*nhn.Error](err)
	switch {
	case ok && answer.Code == kakao.CodeSenderNotFound:
		return deletedBefore, nil
	case ok && answer.InDoubt():
		return s.deletedAfterAll(ctx, client, k, sender, err)
	}
	return "", err
}

// deletedAfterAll looks a sender up whose deletion is in doubt because of err.
func (s *Service) deletedAfterAll(ctx context.Context, client *nhn.Client, k models.Appkey, sender models.Sender, err error) (how string, _ error) {
	listed, lookErr := s.listed(ctx, client, k, sender)
	switch {
	case errors.Is(lookErr, errNotListed), lookErr == nil && listed.SenderKey != sender.SenderKey:
		return deletedDoubt, nil
	case lookErr == nil:
		return "", &models.Error{Kind: models.Upstream, Key: "sender.delete.still_there", Err: err}
	}
	return "", &models.Error{Kind: models.Upstream, Key: "sender.delete.doubt", Err: errors.Join(err, lookErr)}
}

// maxNames bounds how many campaigns an entry of the audit log names.
const maxNames = 100

func names(cs []models.Campaign) []string {
	var found []string
	for _, c := range cs[:min(len(cs), maxNames)] {
		found = append(found, c.Name)
	}
	return found
}
