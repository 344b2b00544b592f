package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// CheckCampaign asks a worker to run [Service.RunCheck].
type CheckCampaign struct {
	CampaignID int64 `json:"campaign_id"`
}

// Kind names the job.
func (CheckCampaign) Kind() string { return "check_campaign" }

func checks() longTask {
	return longTask{models.Checks(), func(id int64) river.JobArgs { return CheckCampaign{CampaignID: id} }, inImports()}
}

// StartCheck has every rule run over c and all its recipients, in the background. The
// check of the same revision that runs already, or that still holds, is the answer.
func (s *Service) StartCheck(ctx context.Context, by models.Actor, c models.Campaign) (models.Check, error) {
	k, found, err := s.DB.Check(ctx, c.ID)
	if err != nil || found && (k.Of(c) && k.State == models.CheckRunning || k.Holds(c, s.Now())) {
		return k, err
	}
	return s.CheckAgain(ctx, by, c)
}

// CheckAgain is [Service.StartCheck] for whoever does not trust what was found before. A
// check that is done with its first piece is done at once.
func (s *Service) CheckAgain(ctx context.Context, by models.Actor, c models.Campaign) (k models.Check, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return k, err
	}
	if c.AudienceID == 0 {
		return s.CheckNow(ctx, by, c)
	}
	a, err := s.DB.Audience(ctx, c.TeamID, c.AudienceID)
	if err != nil {
		return k, err
	}
	if a.Size < checkPiece {
		return s.CheckNow(ctx, by, c)
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		begun, err := s.beginCheck(ctx, tx, by, c.ID)
		if err != nil || !begun {
			return err
		}
		return s.queue(ctx, tx, checks(), c.ID)
	})
	if err != nil {
		return k, err
	}
	k, _, err = s.DB.Check(ctx, c.ID)
	return k, err
}

// beginCheck writes a new check of the campaign as it is now. begun is false if one runs
// already.
func (s *Service) beginCheck(ctx context.Context, tx *models.DB, by models.Actor, campaignID int64) (begun bool, err error) {
	c, err := tx.CampaignByID(ctx, campaignID)
	if err != nil {
		return false, err
	}
	if c.LaunchedAt != nil {
		return false, models.Errorf(models.Conflict, "campaign.launched_already")
	}
	k := models.Check{
		CampaignID: c.ID, Revision: c.Revision, State: models.CheckRunning, AskedBy: by.User.ID, StartedAt: s.Now(), WorkedAt: s.Now(),
	}
	if c.AudienceID != 0 {
		a, err := tx.Audience(ctx, c.TeamID, c.AudienceID)
		if err != nil {
			return false, err
		}
		k.Total = a.Size
	}
	if begun, err = tx.BeginCheck(ctx, k); err != nil || !begun {
		return false, err
	}
	return true, tx.Audit(ctx, by, models.Event{
		Action: "campaign.check", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"revision": c.Revision, "recipients": k.Total},
	})
}

// checkPatience is how long somebody waits for a check who cannot come back later.
const checkPatience = 2 * time.Minute

// CheckNow runs a check of c to its end before it comes back: for programs that have
// nobody who waits in front of a page.
func (s *Service) CheckNow(ctx context.Context, by models.Actor, c models.Campaign) (k models.Check, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return k, err
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.RemoveCheck(ctx, c.ID); err != nil { // and whoever works on it finds that it is not theirs
			return err
		}
		_, err := s.beginCheck(ctx, tx, by, c.ID)
		return err
	})
	if err != nil {
		return k, err
	}
	if err := s.RunCheck(ctx, c.ID); err != nil {
		return k, err
	}
	found := false
	k, err = await(ctx, checkPatience, func(ctx context.Context) (k models.Check, running bool, err error) { // if a late job was faster
		k, found, err = s.DB.Check(ctx, c.ID)
		return k, k.State == models.CheckRunning, err
	})
	if err == nil && (!found || k.State != models.CheckDone) {
		err = models.Errorf(models.Conflict, "check.changed")
	}
	return k, err
}

// RunCheck works on the check of a campaign, piece by piece in the order of the numbers.
// How far it has come is written with each piece, so that whoever comes after a crash
// goes on there. An edit of the campaign ends it.
func (s *Service) RunCheck(ctx context.Context, campaignID int64) error {
	job := &checkJob{s: s}
	do := func(ctx context.Context, claim string) error {
		k, found, err := s.DB.Check(ctx, campaignID)
		if err != nil {
			return err
		}
		if !found || k.Claim != claim {
			return errTaken
		}
		job.check = k
		if err = job.run(ctx); errors.Is(err, errTaken) { // if it is ours still, the campaign has been edited
			return errors.Join(err, s.DB.DropCheck(ctx, job.check))
		}
		return err
	}
	return s.run(ctx, checks(), campaignID, do, job.end)
}

// checkPiece is how many recipients are looked at before it is written down.
const checkPiece = 5000

// checkJob is a check under way.
type checkJob struct {
	s         *Service
	check     models.Check
	campaign  models.Campaign
	team      models.Team
	audience  models.Audience
	appkey    models.Appkey
	sender    models.Sender
	hasher    models.Hasher
	hash      *models.CampaignHash
	inspector *models.Inspector
	repeats   []models.Campaign // of the same content
	begins    time.Time         // when it goes out
}

func (j *checkJob) run(ctx context.Context) error {
	if err := j.prepare(ctx); err != nil {
		return err
	}
	if j.campaign.AudienceID != 0 {
		for {
			n, err := j.piece(ctx)
			if err != nil {
				return err
			}
			if n < checkPiece {
				break
			}
		}
	}
	return j.finish(ctx)
}

// prepare reads what the check needs besides the recipients. A check that begins forgets
// the rows of the one before.
func (j *checkJob) prepare(ctx context.Context) (err error) {
	db := j.s.DB
	if j.campaign, err = db.CampaignByID(ctx, j.check.CampaignID); err != nil {
		return err
	}
	if !j.check.Of(j.campaign) || j.campaign.LaunchedAt != nil {
		return errTaken
	}
	if j.team, err = db.Team(ctx, j.campaign.TeamID); err != nil {
		return err
	}
	if j.appkey, err = db.Appkey(ctx, j.campaign.AppkeyID); err != nil {
		return err
	}
	if j.sender, err = j.s.senderOf(ctx, j.campaign); err != nil {
		return err
	}
	if j.campaign.AudienceID != 0 {
		if j.audience, err = db.Audience(ctx, j.team.ID, j.campaign.AudienceID); err != nil {
			return err
		}
	}
	if j.hasher, err = j.s.Hasher(j.team); err != nil {
		return err
	}
	if j.repeats, err = db.SameContent(ctx, j.campaign, j.s.Now().Add(-models.RepeatWindow)); err != nil {
		return err
	}
	j.begins = j.campaign.CourseNow(j.team, j.audience.Size, j.s.Now()).Begin
	j.inspector = models.NewInspector(j.campaign, j.sender)
	return j.begin(ctx)
}

// begin begins the hash, or goes on with it.
func (j *checkJob) begin(ctx context.Context) (err error) {
	if j.check.After != "" {
		j.hash, err = models.ResumeCampaignHash(j.check.Tally.Hashed)
		return err
	}
	imageHash, err := j.s.imageHash(ctx, j.campaign)
	if err != nil {
		return err
	}
	if j.hash, err = models.NewCampaignHash(j.campaign, j.appkey, j.sender, imageHash); err != nil {
		return err
	}
	return j.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		return tx.ForgetCheckRows(ctx, j.campaign.ID)
	})
}

// senderOf is the sender of c; zero if none is chosen.
func (s *Service) senderOf(ctx context.Context, c models.Campaign) (models.Sender, error) {
	if c.SenderID == 0 {
		return models.Sender{}, nil
	}
	return s.DB.Sender(ctx, c.AppkeyID, c.SenderID)
}

// imageHash is the SHA-256 of the bytes that are kept of the image of c; "" without an
// image, or if they are not kept any more.
func (s *Service) imageHash(ctx context.Context, c models.Campaign) (string, error) {
	if c.Content.ImageID() == 0 {
		return "", nil
	}
	f, err := s.DB.ImageFile(ctx, c.TeamID, c.Content.ImageID())
	if models.KindOf(err) == models.NotFound {
		return "", nil
	}
	sum := sha256.Sum256(f.Original)
	return hex.EncodeToString(sum[:]), err
}

// HashCampaign is the [models.CampaignHash] of c as it is now, with all its recipients.
func (s *Service) HashCampaign(ctx context.Context, c models.Campaign) (string, error) {
	k, err := s.DB.Appkey(ctx, c.AppkeyID)
	if err != nil {
		return "", err
	}
	sender, err := s.senderOf(ctx, c)
	if err != nil {
		return "", err
	}
	imageHash, err := s.imageHash(ctx, c)
	if err != nil {
		return "", err
	}
	h, err := models.NewCampaignHash(c, k, sender, imageHash)
	if err != nil {
		return "", err
	}
	after := ""
	for {
		rs, err := s.DB.RecipientsAfter(ctx, c.AudienceID, after, checkPiece)
		if err != nil {
			return "", err
		}
		h.Add(rs...)
		if len(rs) < checkPiece {
			return h.Sum(), nil
		}
		after = rs[len(rs)-1].Phone
	}
}

// save writes down how far the check has come, and locks it.
func (j *checkJob) save(ctx context.Context, tx *models.DB) error {
	j.check.WorkedAt = j.s.Now()
	ours, err := tx.SaveCheck(ctx, j.check)
	if err == nil && !ours {
		return errTaken
	}
	return err
}

// piece looks at the next recipients, and says how many there were.
func (j *checkJob) piece(ctx context.Context) (n int, err error) {
	rs, err := j.s.DB.RecipientsAfter(ctx, j.campaign.AudienceID, j.check.After, checkPiece)
	if err != nil || len(rs) == 0 {
		return 0, err
	}
	rows, err := j.inspect(ctx, rs)
	if err != nil {
		return 0, err
	}
	j.hash.Add(rs...)
	if j.check.Tally.Hashed, err = j.hash.State(); err != nil {
		return 0, err
	}
	j.check.Done, j.check.After = j.check.Done+int64(len(rs)), rs[len(rs)-1].Phone
	return len(rs), j.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		return tx.AddCheckRows(ctx, rows)
	})
}

// inspect counts what there is to say about recipients, and gives back the rows of it
// that are kept.
func (j *checkJob) inspect(ctx context.Context, rs []models.Recipient) ([]models.CheckRow, error) {
	known, err := j.known(ctx, rs)
	if err != nil {
		return nil, err
	}
	var rows []models.CheckRow
	note := func(i int, rule, value string) {
		if j.check.Tally.Count(rule) {
			rows = append(rows, models.CheckRow{
				CampaignID: j.campaign.ID, Rule: rule, Position: j.check.Done + int64(i) + 1, Phone: rs[i].Phone, Value: value,
			})
		}
	}
	for i, r := range rs {
		for _, campaignID := range known.repeated[r.Phone] {
			note(i, models.RepeatRule(campaignID), "")
		}
		switch {
		case known.suppressed[r.Phone]:
			note(i, models.RowSuppressed, "")
			continue
		case known.limited[r.Phone]:
			note(i, models.RowWeekly, "")
			continue
		}
		found, err := j.inspector.Inspect(r.Vars)
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", r.ID, err)
		}
		for _, trouble := range found.Troubles {
			note(i, trouble.Rule, trouble.Value)
		}
		j.count(found)
	}
	return rows, nil
}

// count counts a recipient who has a message.
func (j *checkJob) count(found models.Inspection) {
	if found.Skip != "" {
		return
	}
	j.check.Tally.Sendable++
	j.check.Tally.CountFallback(found)
}

// knownOf is what the database knows about recipients.
type knownOf struct {
	suppressed map[string]bool
	limited    map[string]bool
	repeated   map[string][]int64 // the campaigns that have said the same to them
}

func (j *checkJob) known(ctx context.Context, rs []models.Recipient) (k knownOf, err error) {
	db, span := j.s.DB, models.RecipientSpan{AudienceID: j.campaign.AudienceID, Behind: j.check.After, To: rs[len(rs)-1].Phone}
	if j.team.Suppressed > 0 {
		if k.suppressed, err = db.SuppressedAmong(ctx, j.team.ID, rs, j.hasher); err != nil {
			return k, err
		}
	}
	if j.team.WeeklyLimit > 0 && !j.campaign.Test {
		if k.limited, err = db.OverLimitIn(ctx, j.campaign, span, j.begins, j.team.WeeklyLimit); err != nil {
			return k, err
		}
	}
	k.repeated = map[string][]int64{}
	for _, c := range j.repeats {
		phones, err := db.Repeated(ctx, span, c.ID)
		if err != nil {
			return k, err
		}
		for _, phone := range phones {
			k.repeated[phone] = append(k.repeated[phone], c.ID)
		}
	}
	return k, nil
}

// finish writes the report.
func (j *checkJob) finish(ctx context.Context) error {
	report, err := j.s.Review(ctx, j.campaign, j.check)
	if err != nil {
		return err
	}
	now := j.s.Now()
	j.check.Report, j.check.Hash, j.check.Tally.Hashed = report, j.hash.Sum(), nil
	j.check.State, j.check.Done, j.check.EndedAt = models.CheckDone, j.check.Total, &now
	return j.s.DB.Tx(ctx, func(tx *models.DB) error { return j.save(ctx, tx) })
}

// end writes down that the check has failed because of cause. What is done has been
// written with the report.
func (j *checkJob) end(ctx context.Context, cause error) error {
	if cause == nil {
		return nil
	}
	now := j.s.Now()
	j.check.Tally.Hashed = nil // it has something of the last recipient in it
	j.check.State, j.check.Problem, j.check.EndedAt, j.check.WorkedAt = models.CheckFailed, models.T("check.failed"), &now, now
	_, err := j.s.DB.SaveCheck(ctx, j.check)
	return errors.Join(cause, err)
}

// ExportCheckRows records that somebody takes the recipients behind a finding away as a
// file.
func (s *Service) ExportCheckRows(ctx context.Context, by models.Actor, c models.Campaign, f models.Finding) error {
	if err := by.May(models.ViewNumbers); err != nil {
		return err
	}
	return s.DB.Audit(ctx, by, models.Event{
		Action: "campaign.check_export", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"rows": f.Rows, "size": min(f.Count, models.KeptRows)},
	})
}
