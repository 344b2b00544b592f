package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"soshik/models"
)

// AudienceConfig says what to measure.
type AudienceConfig struct {
	Database string `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Messages int    `default:"1000000" help:"Messages of the campaign."`
}

// unreachedCode is what nearly two in a hundred messages of a library ended with.
const unreachedCode = "3018"

// Audience measures how long it takes to make an audience of those with whom a campaign
// ended with a result code: of a few of its recipients, and of all. Beside it stands the
// limit: all of them copied by one bare statement.
func Audience(ctx context.Context, cfg AudienceConfig, out io.Writer) (err error) {
	r := &run{cfg: Config{Database: cfg.Database}, out: out}
	if r.dir, err = os.MkdirTemp("", "soshik-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	stop, err := r.startFilled(ctx)
	if err != nil {
		return err
	}
	l := &library{run: r, cfg: PagesConfig{Messages: cfg.Messages, Campaigns: 1}}
	if err = l.fill(ctx); err == nil {
		err = l.audiences(ctx)
	}
	return errors.Join(err, stop())
}

func (l *library) audiences(ctx context.Context) error {
	if err := l.printPeak(); err != nil {
		return err
	}
	if err := l.audienceOfCode(ctx, "few"); err != nil {
		return err
	}
	if err := l.failAll(ctx); err != nil {
		return err
	}
	if err := l.audienceOfCode(ctx, "all"); err != nil {
		return err
	}
	if err := l.printPeak(); err != nil {
		return err
	}
	return l.copyAlone(ctx)
}

// failAll has all messages of the campaign end with the code.
func (l *library) failAll(ctx context.Context) error {
	for _, query := range []string{
		fmt.Sprintf("UPDATE messages SET state = %d, code = '%s'", models.MessageFailed, unreachedCode),
		"DELETE FROM code_counts",
		"INSERT INTO code_counts (campaign_id, state, code, count) SELECT campaign_id, state, code, COUNT(*) FROM messages GROUP BY campaign_id, state, code",
	} {
		if _, err := l.app.DB.SQL().ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// audienceOfCode makes an audience, and waits until all are in it.
func (l *library) audienceOfCode(ctx context.Context, name string) error {
	c := l.campaigns[0]
	counts, err := l.app.DB.CodeCounts(ctx, c.ID)
	if err != nil {
		return err
	}
	want := int64(0)
	for _, n := range counts {
		if n.Code == unreachedCode {
			want += n.Count
		}
	}
	began := time.Now()
	a, err := l.app.Actions.AudienceOfCodes(ctx, models.Actor{}, c, models.NewAudience{Name: name}, []string{unreachedCode})
	if err != nil {
		return err
	}
	var ws []models.AudienceWork
	err = l.wait(ctx, func() (bool, error) {
		ws, err = l.app.DB.AudienceWorks(ctx, a.ID, 1)
		return len(ws) > 0 && ws[0].State != models.WorkRunning, err
	})
	if err != nil {
		return err
	}
	l.print(fmt.Sprintf("audience of %d", want), time.Since(began), l.size)
	if a, err = l.app.DB.Audience(ctx, c.TeamID, a.ID); err != nil || a.Size != want || ws[0].State != models.WorkDone {
		return fmt.Errorf("%d are in it, want %d (%s): %w", a.Size, want, ws[0].State, err)
	}
	return nil
}

// copyAlone copies the recipients of all messages with one statement.
func (l *library) copyAlone(ctx context.Context) error {
	a := models.Audience{TeamID: l.appkey.TeamID, Columns: []string{}, CreatedAt: time.Now().UTC()}
	if err := l.app.DB.CreateAudience(ctx, &a); err != nil {
		return err
	}
	began := time.Now()
	_, err := l.app.DB.SQL().ExecContext(ctx, `INSERT INTO recipients (audience_id, phone, vars)
		SELECT CAST($1 AS BIGINT), phone, vars FROM messages WHERE campaign_id = $2 ORDER BY phone`, a.ID, l.campaigns[0].ID)
	l.print("limit: a bare copy", time.Since(began), l.size)
	return err
}
