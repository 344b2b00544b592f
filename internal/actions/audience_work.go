package actions

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/kakao"
	"soshik/models"
)

// WorkOnAudience asks a worker to run [Service.RunAudienceWork].
type WorkOnAudience struct {
	WorkID int64 `json:"work_id"`
}

// Kind names the job.
func (WorkOnAudience) Kind() string { return "work_on_audience" }

func audienceWorks() longTask {
	return longTask{models.AudienceWorks(), func(id int64) river.JobArgs { return WorkOnAudience{WorkID: id} }, working()}
}

const (
	// pieceAlone is how many numbers are dealt with in one transaction, and pieceBeside
	// how many while messages are being sent, so that they do not wait for SQLite's one
	// writer.
	pieceAlone  = 10_000
	pieceBeside = 2_000
)

// RunAudienceWork does what is to be done to an audience, piece by piece in the order of
// the numbers. How far it has come is written with each piece, so that whoever comes
// after a crash goes on there.
func (s *Service) RunAudienceWork(ctx context.Context, id int64) error {
	job := &audienceJob{s: s}
	do := func(ctx context.Context, claim string) error {
		var err error
		if job.w, err = s.DB.AudienceWork(ctx, id); err != nil {
			return err
		}
		job.w.Claim = claim
		return job.run(ctx)
	}
	return s.run(ctx, audienceWorks(), id, do, job.end)
}

// audienceJob is a work under way.
type audienceJob struct {
	s     *Service
	w     models.AudienceWork
	drawn uint64 // of a sample: whose hash is not greater is in it
}

func (j *audienceJob) run(ctx context.Context) error {
	if j.w.Kind == models.WorkSample {
		if err := j.draw(ctx); err != nil {
			return err
		}
	}
	for j.w.Step < len(j.w.Sources) {
		if err := j.piece(ctx); err != nil {
			return err
		}
	}
	if slices.Contains([]models.WorkKind{models.WorkReplace, models.WorkDelete, models.WorkErase}, j.w.Kind) {
		if err := j.drop(ctx); err != nil {
			return err
		}
	}
	return j.finish(ctx)
}

// limit is how many numbers the next piece has.
func (j *audienceJob) limit(ctx context.Context) (int, error) {
	sending, err := j.s.DB.Sending(ctx)
	if sending {
		return pieceBeside, err
	}
	return pieceAlone, err
}

// save writes down how far the work has come, and locks it.
func (j *audienceJob) save(ctx context.Context, tx *models.DB) error {
	j.w.WorkedAt = j.s.Now()
	ours, err := tx.SaveAudienceWork(ctx, j.w)
	if err == nil && !ours {
		return errTaken
	}
	return err
}

// inTx runs fn in a transaction in which the work is ours; what fn has noted in it is
// written with the rest, or forgotten.
func (j *audienceJob) inTx(ctx context.Context, fn func(tx *models.DB) error) error {
	before := j.w
	err := j.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := j.save(ctx, tx); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		return j.save(ctx, tx)
	})
	if err != nil {
		j.w = before
	}
	return err
}

// piece deals with the next piece of the present source.
func (j *audienceJob) piece(ctx context.Context) error {
	limit, err := j.limit(ctx)
	if err != nil {
		return err
	}
	source := j.w.Sources[j.w.Step]
	return j.inTx(ctx, func(tx *models.DB) error {
		end, n, err := tx.SourceEnd(ctx, source, j.w.After, limit)
		if err != nil {
			return err
		}
		if n == 0 {
			j.w.Step++
			if j.w.Kind != models.WorkReplace { // which deletes what is behind the last number
				j.w.After = ""
			}
			return j.columns(ctx, tx, source)
		}
		moved, err := j.apply(ctx, tx, models.Piece{Source: source, Behind: j.w.After, To: end})
		if err != nil {
			return err
		}
		j.w.After, j.w.Done = end, j.w.Done+n
		return j.count(ctx, tx, moved)
	})
}

// apply does to the audience what the work does with a piece.
func (j *audienceJob) apply(ctx context.Context, tx *models.DB, p models.Piece) (models.Moved, error) {
	switch j.w.Kind {
	case models.WorkAppend:
		return tx.AppendPiece(ctx, j.w.AudienceID, p)
	case models.WorkReplace:
		return tx.ReplaceByPiece(ctx, j.w.AudienceID, p)
	case models.WorkSubtract:
		return tx.SubtractPiece(ctx, j.w.AudienceID, p)
	case models.WorkSample:
		return j.sample(ctx, tx, p)
	case models.WorkSuppress:
		return tx.SuppressPiece(ctx, models.Suppression{
			TeamID: j.w.TeamID, Source: models.SuppressedByFile, Reason: p.Reason, Origin: p.Name, CreatedBy: j.w.AskedBy, CreatedAt: j.w.CreatedAt,
		}, p)
	case models.WorkDelete, models.WorkErase:
	}
	return models.Moved{}, fmt.Errorf("no work on pieces: %q", j.w.Kind)
}

// count keeps the counters of the work and the size of the audience.
func (j *audienceJob) count(ctx context.Context, tx *models.DB, m models.Moved) error {
	j.w.Added, j.w.Updated, j.w.Removed = j.w.Added+m.Added, j.w.Updated+m.Updated, j.w.Removed+m.Removed
	if j.w.Kind == models.WorkSuppress || j.w.Kind == models.WorkErase { // its size stays as it is
		return nil
	}
	return tx.GrowAudience(ctx, j.w.AudienceID, m.Added-m.Removed)
}

// columns gives the audience the variables of a source that has been read.
func (j *audienceJob) columns(ctx context.Context, tx *models.DB, source models.Source) error {
	if j.w.Kind == models.WorkSubtract || j.w.Kind == models.WorkSuppress {
		return nil
	}
	theirs, err := tx.SourceColumns(ctx, source)
	if err != nil {
		return err
	}
	if j.w.Kind == models.WorkAppend {
		a, err := tx.Audience(ctx, j.w.TeamID, j.w.AudienceID)
		if err != nil {
			return err
		}
		for _, name := range theirs {
			if !slices.Contains(a.Columns, name) {
				a.Columns = append(a.Columns, name)
			}
		}
		theirs = a.Columns
	}
	return tx.SetColumns(ctx, j.w.AudienceID, theirs)
}

// draw finds out whose hashes are the smallest: they are in the sample.
func (j *audienceJob) draw(ctx context.Context) error {
	source, after := j.w.Sources[0], ""
	hashes := make([]uint64, 0, j.w.Total)
	for {
		end, n, err := j.s.DB.SourceEnd(ctx, source, after, pieceAlone)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		phones, err := j.s.DB.PieceNumbers(ctx, models.Piece{Source: source, Behind: after, To: end})
		if err != nil {
			return err
		}
		for _, phone := range phones {
			hashes = append(hashes, lot(j.w.Seed, phone))
		}
		after = end
		if err := j.s.DB.Tx(ctx, func(tx *models.DB) error { return j.save(ctx, tx) }); err != nil {
			return err
		}
	}
	slices.Sort(hashes)
	if n := min(int(j.w.Sample), len(hashes)); n > 0 {
		j.drawn = hashes[n-1]
	}
	return nil
}

// lot is what a number draws: chance, but the same for the same seed.
func lot(seed int64, phone string) uint64 {
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(seed)), phone...)) //nolint:gosec // any bits will do
	return binary.BigEndian.Uint64(sum[:])
}

// sample takes those of a piece who have been drawn.
func (j *audienceJob) sample(ctx context.Context, tx *models.DB, p models.Piece) (m models.Moved, err error) {
	rs, err := tx.PieceRecipients(ctx, p)
	if err != nil {
		return m, err
	}
	rs = slices.DeleteFunc(rs, func(r models.Recipient) bool { return lot(j.w.Seed, r.Phone) > j.drawn })
	m.Added, err = tx.PutRecipients(ctx, j.w.AudienceID, rs)
	return m, err
}

// drop deletes the recipients behind the last number that was dealt with.
func (j *audienceJob) drop(ctx context.Context) error {
	for {
		limit, err := j.limit(ctx)
		if err != nil {
			return err
		}
		var dropped int64
		err = j.inTx(ctx, func(tx *models.DB) error {
			if dropped, err = tx.DropRecipients(ctx, j.w.AudienceID, j.w.After, limit/dropShare); err != nil {
				return err
			}
			return j.count(ctx, tx, models.Moved{Removed: dropped})
		})
		if err != nil || dropped < int64(limit/dropShare) {
			return err
		}
	}
}

// dropShare is how much longer than adding a recipient it takes to delete one.
const dropShare = 2

// finish ends the work. A draft gets its recipients then, and what was made for this
// alone is deleted by works of its own.
func (j *audienceJob) finish(ctx context.Context) error {
	now := j.s.Now()
	if j.w.Kind == models.WorkDelete {
		return j.inTx(ctx, func(tx *models.DB) error {
			j.w.State, j.w.EndedAt = models.WorkDone, &now
			if err := tx.ForgetAudienceUses(ctx, j.w.AudienceID); err != nil {
				return err
			}
			return tx.RemoveAudience(ctx, j.w.AudienceID)
		})
	}
	err := j.s.DB.Tx(ctx, func(tx *models.DB) error {
		w := j.w
		w.State, w.EndedAt, w.WorkedAt, w.Done = models.WorkDone, &now, now, w.Total
		ours, err := tx.SaveAudienceWork(ctx, w)
		if err != nil {
			return err
		}
		if !ours {
			return errTaken
		}
		return j.conclude(ctx, tx, now)
	})
	return err
}

// conclude does what follows from a work that is done.
func (j *audienceJob) conclude(ctx context.Context, tx *models.DB, now time.Time) error {
	a, err := tx.Audience(ctx, j.w.TeamID, j.w.AudienceID)
	if err != nil {
		return err
	}
	if j.w.Kind == models.WorkErase {
		return tx.SetAudience(ctx, a.ID, map[string]any{"erased_at": now.UTC()})
	}
	if j.w.CampaignID != 0 {
		if err := j.give(ctx, tx, now); err != nil {
			return err
		}
	} else if err := tx.SetAudience(ctx, a.ID, map[string]any{"changed_by": j.w.AskedBy, "changed_at": now.UTC()}); err != nil {
		return err
	}
	for _, source := range j.w.Sources {
		if source.Staged {
			if err := j.s.discard(ctx, tx, j.w.TeamID, source.AudienceID); err != nil {
				return err
			}
		}
	}
	e := audienceEvent("audience.finish", a)
	if j.w.Kind == models.WorkSuppress {
		e = models.Event{Action: "suppression.file", TeamID: a.TeamID, ObjectType: "import", ObjectName: kakao.MaskPhones(j.w.Sources[0].Name)}
		if err := j.s.suppressedMany(ctx, tx, j.w); err != nil {
			return err
		}
	}
	e.After = map[string]any{"kind": j.w.Kind, "size": a.Size, "added": j.w.Added, "updated": j.w.Updated, "removed": j.w.Removed}
	return tx.Audit(ctx, models.Actor{}, e)
}

// give makes the audience that has been put together the draft's.
func (j *audienceJob) give(ctx context.Context, tx *models.DB, now time.Time) error {
	c, err := tx.CampaignByID(ctx, j.w.CampaignID)
	if err != nil {
		return err
	}
	used, err := tx.UseAudience(ctx, c.ID, j.w.AudienceID, j.w.AskedBy)
	if err != nil {
		return err
	}
	if !used {
		return noDraft(c)
	}
	var ids []int64
	for _, source := range j.w.Sources {
		if source.AudienceID != 0 {
			ids = append(ids, source.AudienceID)
		}
	}
	if err := tx.UseAudiences(ctx, c.ID, ids, now); err != nil || c.AudienceID == 0 {
		return err
	}
	return j.s.discard(ctx, tx, c.TeamID, c.AudienceID)
}

// discard has an audience without a name deleted that nobody needs any more.
func (s *Service) discard(ctx context.Context, tx *models.DB, teamID, audienceID int64) error {
	needed, err := tx.AudienceNeeded(ctx, audienceID)
	if err != nil || needed {
		return err
	}
	err = s.beginWork(ctx, tx, models.AudienceWork{TeamID: teamID, AudienceID: audienceID, Kind: models.WorkDelete})
	if models.KindOf(err) == models.Conflict { // it is being deleted already
		return nil
	}
	return err
}

// end ends a work that cannot go on; one that is done has ended itself. A failure of ours
// is returned, for the log.
func (j *audienceJob) end(ctx context.Context, cause error) error {
	if cause == nil {
		return nil
	}
	now := j.s.Now()
	problem := models.T("audience.work_failed")
	switch models.KindOf(cause) {
	case models.Conflict:
		problem, cause = models.TextOf(cause), nil
	case models.Internal, models.Invalid, models.NotFound, models.Forbidden, models.Throttled, models.Upstream:
	}
	err := j.s.DB.Tx(ctx, func(tx *models.DB) error {
		j.w.State, j.w.Problem, j.w.EndedAt, j.w.WorkedAt = models.WorkFailed, problem, &now, now
		ours, err := tx.SaveAudienceWork(ctx, j.w)
		if err != nil || !ours {
			return err
		}
		e, err := workEvent(ctx, tx, "audience.fail", j.w)
		if err != nil {
			return err
		}
		e.Outcome = models.OutcomeFailed
		if err := tx.Audit(ctx, models.Actor{}, e); err != nil {
			return err
		}
		return j.s.leaveOff(ctx, tx, j.w, now)
	})
	return errors.Join(cause, err)
}

// stage keeps pasted numbers in an audience of their own, for a work to read.
func stage(ctx context.Context, tx *models.DB, of models.Audience, numbers models.Numbers, now time.Time) (models.Source, error) {
	staged := models.Audience{TeamID: of.TeamID, CreatedAt: now, Source: models.SourcePasted}
	if err := tx.CreateAudience(ctx, &staged); err != nil {
		return models.Source{}, err
	}
	return models.Source{AudienceID: staged.ID, Staged: true}, putNumbers(ctx, tx, staged.ID, numbers)
}
