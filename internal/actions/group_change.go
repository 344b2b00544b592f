package actions

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// ChangeGroup asks a worker to run [Service.ChangeGroup].
type ChangeGroup struct {
	ChangeID int64 `json:"change_id"`
}

// Kind names the job.
func (ChangeGroup) Kind() string { return "change_group" }

// AddMembers begins to add senders of k to a group: those that in names, each once.
// It refuses more than there is room for, and names that it does not know.
func (s *Service) AddMembers(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup, in models.NewMembers) (c models.GroupChange, err error) {
	if err := by.May(models.ManageSenders); err != nil {
		return c, err
	}
	if len(in.Pasted) > 4*models.MaxPasted {
		return c, withField(nil, "pasted", "group.pasted_long")
	}
	items, err := s.pick(ctx, g, in)
	if err != nil {
		return c, err
	}
	switch {
	case len(items) == 0:
		return c, models.Errorf(models.Invalid, "group.pick_none")
	case len(items) > g.Room():
		return c, models.Errorf(models.Invalid, "group.too_many", "Count", len(items), "Room", g.Room(), "Max", kakao.MaxGroupMembers)
	}
	return s.beginChange(ctx, by, k, g, models.GroupChange{GroupID: g.ID}, items)
}

// pick finds the senders that in names, by name.
func (s *Service) pick(ctx context.Context, g models.SenderGroup, in models.NewMembers) ([]models.GroupChangeItem, error) {
	senders, err := s.DB.AllGroupCandidates(ctx, g, "")
	if err != nil {
		return nil, err
	}
	picked := map[string]bool{}
	for _, key := range in.Keys {
		picked[key] = true
	}
	if in.All {
		found, err := s.DB.AllGroupCandidates(ctx, g, in.Query)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			picked[f.SenderKey] = true
		}
	}
	if err := s.pickPasted(ctx, g, in.Pasted, senders, picked); err != nil {
		return nil, err
	}
	var items []models.GroupChangeItem
	for _, sender := range senders {
		if picked[sender.SenderKey] {
			items = append(items, models.GroupChangeItem{SenderKey: sender.SenderKey, PlusFriendID: sender.PlusFriendID})
		}
	}
	return items, nil
}

// pickPasted picks the senders that a pasted list names. Who is in the group already
// is passed over.
func (s *Service) pickPasted(ctx context.Context, g models.SenderGroup, text string, senders []models.Sender, picked map[string]bool) error {
	pasted := models.ParsePasted(text)
	if len(pasted) == 0 {
		return nil
	}
	keys := make(map[string]string, len(senders))
	for _, sender := range senders {
		keys[sender.PlusFriendID] = sender.SenderKey
	}
	var unknown []models.PastedSender
	for _, p := range pasted {
		if key, ok := keys[p.Name]; ok {
			picked[key] = true
		} else {
			unknown = append(unknown, p)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	wrong, err := s.wrongSenders(ctx, g, unknown)
	if err != nil || len(wrong) == 0 {
		return err
	}
	told := map[string]models.Text{"pasted": models.T("group.pasted_wrong", "Count", len(wrong))}
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: told, Err: wrong}
}

// wrongSenders says why senders cannot be added, without those that are in the group.
func (s *Service) wrongSenders(ctx context.Context, g models.SenderGroup, unknown []models.PastedSender) (models.WrongSenders, error) {
	all, err := s.DB.Senders(ctx, g.AppkeyID)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]models.Sender, len(all))
	for _, sender := range all {
		byName[sender.PlusFriendID] = sender
	}
	members, err := s.DB.GroupMembers(ctx, g.ID, models.MemberFilter{}, kakao.MaxGroupMembers)
	if err != nil {
		return nil, err
	}
	isMember := make(map[string]bool, len(members))
	for _, m := range members {
		isMember[m.PlusFriendID] = true
	}
	var wrong models.WrongSenders
	for _, p := range unknown {
		sender, found := byName[p.Name]
		switch {
		case isMember[p.Name]:
		case !found:
			wrong = append(wrong, models.WrongSender{PastedSender: p, Reason: models.T("group.wrong_unknown")})
		case sender.GoneAt != nil:
			wrong = append(wrong, models.WrongSender{PastedSender: p, Reason: models.T("group.wrong_gone")})
		default:
			wrong = append(wrong, models.WrongSender{PastedSender: p, Reason: models.T("group.wrong_waiting")})
		}
	}
	return wrong, nil
}

// RemoveMembers begins to remove the members of a group that have one of keys.
func (s *Service) RemoveMembers(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup, keys []string) (c models.GroupChange, err error) {
	if err := by.May(models.ManageSenders); err != nil {
		return c, err
	}
	members, err := s.DB.MembersWith(ctx, g.ID, keys)
	if err != nil {
		return c, err
	}
	if len(members) == 0 {
		return c, models.Errorf(models.Invalid, "group.pick_none")
	}
	items := make([]models.GroupChangeItem, len(members))
	for i, m := range members {
		items[i] = models.GroupChangeItem{SenderKey: m.SenderKey, PlusFriendID: m.PlusFriendID}
	}
	return s.beginChange(ctx, by, k, g, models.GroupChange{GroupID: g.ID, Removal: true}, items)
}

// beginChange keeps a change and has it worked on. A group is changed by one at a
// time: a second one would count on members that the first is still moving.
func (s *Service) beginChange(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup, c models.GroupChange, items []models.GroupChangeItem) (models.GroupChange, error) {
	now := s.Now()
	c.State, c.Size, c.AskedBy, c.CreatedAt, c.DueAt = models.ChangeRunning, len(items), by.User.ID, now, now.Add(stalled)
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.SenderKey
	}
	e := groupEvent("group.change", k, g)
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateGroupChange(ctx, &c, items); err != nil {
			return err
		}
		e.After = map[string]any{"change": c.ID, "group_key": g.SenderKey, "removal": c.Removal, "count": len(keys), "keys": keys}
		return s.insertChange(ctx, tx, c.ID)
	})
	return c, err
}

func (s *Service) insertChange(ctx context.Context, tx *models.DB, id int64) error {
	_, err := s.Jobs.InsertTx(ctx, tx.SQLTx(), ChangeGroup{ChangeID: id}, work())
	return err
}

// StopChange ends a running change where it is. The sender that is under way may
// still be changed at the provider; the next refresh shows it.
func (s *Service) StopChange(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup, c models.GroupChange) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	e := groupEvent("group.change_stop", k, g)
	e.After = map[string]any{"change": c.ID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		stopped, err := tx.StopGroupChange(ctx, c.ID, models.T(models.StoppedByHand), s.Now())
		if err == nil && !stopped {
			return models.Errorf(models.Conflict, "group.change_over")
		}
		return err
	})
}

// ResumeChange lets a stopped change go on with what is still planned.
func (s *Service) ResumeChange(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup, c models.GroupChange) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	e := groupEvent("group.change_resume", k, g)
	e.After = map[string]any{"change": c.ID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		resumed, err := tx.ResumeGroupChange(ctx, c.ID, s.Now().Add(stalled))
		if err == nil && !resumed {
			return models.Errorf(models.Conflict, "group.change_over")
		}
		if err != nil {
			return err
		}
		return s.insertChange(ctx, tx, c.ID)
	})
}

// How a change waits for a provider that does not take calls.
const (
	// waitInside is the longest that a job waits for itself; for longer, it gives the
	// change back and the sweep takes it up.
	waitInside = 2 * time.Second
	// retryChange is how long a change waits where the provider does not say it.
	retryChange = time.Second
	// maxUnsure is how often the provider may answer about one sender that it does
	// not know what has happened.
	maxUnsure = 3
	// changeItems is how many items are read at once.
	changeItems = 100
)

// changing is a change that a job works on.
type changing struct {
	models.GroupChange

	group  models.SenderGroup
	appkey models.Appkey
	client *nhn.Client
	unsure int // about the present item
}

// ChangeGroup asks the provider for one sender after another of a change and keeps
// each answer. It may run twice, or again after a crash: it begins with the first
// sender that is still planned, and asking again for one that is done already says
// just that.
func (s *Service) ChangeGroup(ctx context.Context, id int64) error {
	now, claim := s.Now(), rand.Text()
	claimed, err := s.DB.ClaimGroupChange(ctx, id, claim, now, now.Add(stalled))
	if err != nil || !claimed {
		return err
	}
	c, err := s.readChange(ctx, id)
	if err != nil {
		return err
	}
	for {
		items, err := s.DB.PlannedItems(ctx, id, changeItems)
		if err != nil {
			return s.putBack(ctx, c, 0, err)
		}
		if len(items) == 0 {
			return s.finishChange(ctx, c)
		}
		for _, item := range items {
			if goOn, err := s.changeMember(ctx, c, item); err != nil || !goOn {
				return err
			}
		}
	}
}

func (s *Service) readChange(ctx context.Context, id int64) (*changing, error) {
	var c changing
	var err error
	if c.GroupChange, err = s.DB.GroupChangeByID(ctx, id); err != nil {
		return nil, err
	}
	if c.group, err = s.DB.SenderGroupByID(ctx, c.GroupID); err != nil {
		return nil, err
	}
	if c.appkey, err = s.DB.Appkey(ctx, c.group.AppkeyID); err != nil {
		return nil, err
	}
	c.client, err = s.Provider.client(c.appkey)
	return &c, err
}

// putBack leaves a change to whoever takes it up after wait; cause is passed on.
func (s *Service) putBack(ctx context.Context, c *changing, wait time.Duration, cause error) error {
	_, err := s.DB.ReleaseGroupChange(context.WithoutCancel(ctx), c.GroupChange, s.Now().Add(wait))
	return errors.Join(cause, err)
}

// changeMember brings one item to its end, however often the provider has to be
// asked. goOn is false when this job has nothing more to do with the change.
func (s *Service) changeMember(ctx context.Context, c *changing, item models.GroupChangeItem) (goOn bool, err error) {
	c.unsure = 0
	for {
		if ctx.Err() != nil { // the process is stopping
			return false, s.putBack(ctx, c, 0, nil)
		}
		failure, unusual := s.askMember(ctx, c, item)
		if unusual != nil {
			return false, s.putBack(ctx, c, stalled, unusual)
		}
		if !c.again(failure) {
			return s.settle(ctx, c, item, failure)
		}
		wait := cmp.Or(failure.RetryAfter, retryChange)
		c.Problem = answerText(failure)
		if wait > waitInside {
			return false, s.putBack(ctx, c, wait, nil)
		}
		if ours, err := s.DB.KeepGroupChange(ctx, c.GroupChange, s.Now().Add(stalled)); err != nil || !ours {
			return false, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// askMember makes the call of an item. A shutdown does not cut it short.
func (s *Service) askMember(ctx context.Context, c *changing, item models.GroupChangeItem) (failure *nhn.Error, unusual error) {
	ctx = context.WithoutCancel(ctx)
	call := c.client.AddGroupMember
	if c.Removal {
		call = c.client.RemoveGroupMember
	}
	err := call(ctx, c.group.SenderKey, item.SenderKey)
	if err == nil {
		return nil, nil
	}
	failure, ok := errors.AsType[*nhn.Error](err)
	if !ok {
		return nil, fmt.Errorf("change of group %d: %w", c.GroupID, err)
	}
	return failure, nil
}

// again reports whether the same call is to be made again: the provider has not got
// it, or is not to be reached. Whether it has carried it out then does not matter,
// since that will be its answer. What it answers that it does not know is believed
// after a few times.
func (c *changing) again(failure *nhn.Error) bool {
	if failure == nil || !failure.Temporary() {
		return false
	}
	if failure.InDoubt() && failure.Code != kakao.CodeOK {
		c.unsure++
		return c.unsure < maxUnsure
	}
	return true
}

// stopsChange are the answers that would be the same for every sender.
func stopsChange(failure *nhn.Error) bool {
	return failure != nil && slices.Contains([]int{
		kakao.CodeAppkey, kakao.CodeSecretKey, kakao.CodeAppkeyNotFound, kakao.CodeAppkeyDisabled,
		kakao.CodeGroupNotFound, kakao.CodeGroupFull, kakao.CodeSelfVerification,
	}, failure.Code)
}

// settle keeps what the provider has answered about an item.
func (s *Service) settle(ctx context.Context, c *changing, item models.GroupChangeItem, failure *nhn.Error) (goOn bool, err error) {
	ctx = context.WithoutCancel(ctx)
	c.Problem = models.Text{}
	if stopsChange(failure) {
		return false, s.stopChange(ctx, c, failure)
	}
	already := kakao.CodeGroupMember
	if c.Removal {
		already = kakao.CodeNotGroupMember
	}
	switch {
	case failure == nil:
		item.State = models.ItemDone
	case failure.Code == already:
		item.State = models.ItemAlready
	default:
		item.State, item.Code, item.Problem = models.ItemFailed, failure.Code, answerText(failure)
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		goOn, err = tx.SettleItem(ctx, c.GroupChange, item, s.Now().Add(stalled))
		return err
	})
	return goOn, err
}

// stopChange leaves what is still planned until a person lets the change go on.
func (s *Service) stopChange(ctx context.Context, c *changing, failure *nhn.Error) error {
	c.State, c.Problem, c.EndedAt = models.ChangeStopped, answerText(failure), new(s.Now())
	if failure.Code == kakao.CodeGroupNotFound {
		if err := s.DB.LoseSenderGroup(ctx, c.GroupID, s.Now()); err != nil {
			return err
		}
	}
	return s.endChange(ctx, c, "group.change_fail")
}

// finishChange ends a change, and reads the group as it is now. Where that fails, the
// group shows what the answers have told.
func (s *Service) finishChange(ctx context.Context, c *changing) error {
	ctx = context.WithoutCancel(ctx)
	c.State, c.Problem, c.EndedAt = models.ChangeDone, models.Text{}, new(s.Now())
	if err := s.RefreshGroup(ctx, models.Actor{}, c.appkey, c.group); err != nil {
		s.Log.WarnContext(ctx, "group not read after its change", "group", c.GroupID, "error", err)
	}
	return s.endChange(ctx, c, "group.change_finish")
}

func (s *Service) endChange(ctx context.Context, c *changing, action string) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		ours, err := tx.EndGroupChange(ctx, c.GroupChange)
		if err != nil || !ours {
			return err
		}
		counts, err := tx.ItemCounts(ctx, c.ID)
		if err != nil {
			return err
		}
		e := groupEvent(action, c.appkey, c.group)
		e.After = map[string]any{"change": c.ID, "removal": c.Removal, "counts": counts}
		if c.State == models.ChangeStopped {
			e.Outcome = models.OutcomeFailed
		}
		return tx.Audit(ctx, models.Actor{}, e)
	})
}

// sweepChanges takes up changes of groups that nobody works on: their wait is over,
// or their process has died.
func (s *Service) sweepChanges(ctx context.Context) error {
	now := s.Now()
	cs, err := s.DB.DueGroupChanges(ctx, now)
	if err != nil {
		return err
	}
	for _, c := range cs {
		released, err := s.DB.ReleaseGroupChange(ctx, c, now.Add(stalled))
		if err != nil {
			return err
		}
		if released {
			if _, err := s.Jobs.Insert(ctx, ChangeGroup{ChangeID: c.ID}, work()); err != nil {
				return err
			}
		}
	}
	return nil
}
