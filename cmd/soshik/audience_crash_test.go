package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/testdb"
	"soshik/models"
)

// The program is killed with SIGKILL in the midst of putting one audience into another, again and again, and
// once the work is cancelled and gone on with while nobody is there. Afterwards everybody of both is there once, and
// the sizes and counts say so.
func TestKillNineDuringWorkOnAnAudience(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	address, data, key := testdb.New(t), t.TempDir(), fmt.Sprintf("%064x", seed)
	s := crashService(t, address, key, 0)
	t.Cleanup(func() { _ = s.DB.Close() })
	all, id := startWork(t, s)
	done := int64(0)
	for kill := range 5 {
		p := startProcess(t, address, data, key, 0)
		untilMore(t, s.DB, done, "SELECT done + CASE WHEN state = 'running' THEN 0 ELSE 1000000 END FROM audience_works WHERE id = $1", id)
		timer := time.NewTimer(time.Duration(random.IntN(100)) * time.Millisecond)
		<-timer.C
		must(t, p.Process.Kill())
		_ = p.Wait()
		w, err := s.DB.AudienceWork(t.Context(), id)
		must(t, err)
		t.Logf("killed at %d of %d, %s", w.Done, w.Total, w.State)
		if w.State != models.WorkRunning {
			break
		}
		if done = w.Done; kill == 1 {
			must(t, s.CancelWork(t.Context(), models.Actor{}, w))
			w.State = models.WorkCancelled
			must(t, s.RetryWork(t.Context(), models.Actor{}, w))
		}
		_, err = s.DB.SQL().ExecContext(t.Context(), "UPDATE audience_works SET worked_at = $1 WHERE state = 'running'", time.Now().Add(-time.Hour).UTC())
		must(t, err)
	}
	startProcess(t, address, data, key, 0)
	untilMore(t, s.DB, 0, "SELECT COUNT(*) FROM audience_works WHERE id = $1 AND state = 'done'", id)
	var there, numbers, size, added, updated int64
	must(t, s.DB.SQL().QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(DISTINCT phone), (SELECT size FROM audiences WHERE id = $1),
		(SELECT added FROM audience_works WHERE id = $2), (SELECT updated FROM audience_works WHERE id = $2) FROM recipients WHERE audience_id = $1`,
		all, id).Scan(&there, &numbers, &size, &added, &updated))
	if want := int64(crashRows * 3 / 2); there != want || numbers != want || size != want || added != crashRows/2 || updated != crashRows/2 {
		t.Errorf("%d recipients of %d numbers, size %d, %d added, %d updated; want %d", there, numbers, size, added, updated, want)
	}
}

// startWork has one audience put into another, half of whom they share.
func startWork(t *testing.T, s *actions.Service) (audienceID, workID int64) {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC()
	team := models.Team{Name: "crash", CreatedAt: now}
	must(t, s.DB.CreateTeam(ctx, &team))
	var as []models.Audience
	for n := range 2 {
		a := models.Audience{TeamID: team.ID, Name: fmt.Sprint("audience ", n), Columns: []string{"n"}, CreatedAt: now}
		must(t, s.DB.CreateAudience(ctx, &a))
		rs := make([]models.Recipient, crashRows)
		for i := range rs {
			rs[i] = models.Recipient{Phone: fmt.Sprintf("010%08d", 20_000_000+n*crashRows/2+i), Vars: fmt.Sprintf(`{"n":"%d"}`, n)}
		}
		must(t, s.DB.InsertRecipients(ctx, a.ID, rs))
		must(t, s.DB.SetAudienceSize(ctx, a.ID, crashRows))
		as = append(as, a)
	}
	must(t, s.ChangeAudience(ctx, models.Actor{}, as[0], models.WorkAppend, actions.AudienceFrom{Audiences: []int64{as[1].ID}}))
	ws, err := s.DB.RunningWorks(ctx, team.ID)
	must(t, err)
	return as[0].ID, ws[0].ID
}
