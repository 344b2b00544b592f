package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// ResultsConfig says what to measure.
type ResultsConfig struct {
	Database   string `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Recipients int    `default:"100000" help:"Recipients of the campaign."`
}

// Results measures how fast the results of a campaign are taken in, with the provider
// in a process of its own that has all of them. Beside it stand the limits: the same
// pages read by a bare loop that throws them away, and the same messages updated
// by bare statements that nothing is read for and that count nothing.
func Results(ctx context.Context, cfg ResultsConfig, out io.Writer) error {
	r := &run{cfg: Config{Database: cfg.Database, Recipients: cfg.Recipients}, out: out}
	return r.withProvider(ctx, r.compose, r.importFile, r.dispatch, r.readAlone, r.takeIn, r.updateAlone)
}

// readAlone reads all results of the campaign from the provider, page by page, and
// throws them away.
func (r *run) readAlone(ctx context.Context) error {
	if err := untilDelivered(ctx); err != nil {
		return err
	}
	e, err := r.app.DB.Equation(ctx, r.campaign)
	if err != nil {
		return err
	}
	now := r.app.Actions.Now()
	total, err := r.pageOfResults(ctx, now, 1)
	if err != nil {
		return err
	}
	if want := e.Handed + e.Delivered + e.Failed; int64(total) != want {
		return fmt.Errorf("the provider has results of %d of %d messages", total, want)
	}
	began := time.Now()
	for page := (total + kakao.MaxPageSize - 1) / kakao.MaxPageSize; page >= 1; page-- {
		if _, err := r.pageOfResults(ctx, now, page); err != nil {
			return err
		}
	}
	r.print("limit: read the pages", time.Since(began), total)
	return nil
}

// pageOfResults reads a page of what has changed in the last hour. The first says how
// many messages there are on all.
func (r *run) pageOfResults(ctx context.Context, now time.Time, page int) (total int, err error) {
	query := url.Values{
		"startUpdateDate": {kakao.FormatDate(now.Add(-time.Hour))}, "endUpdateDate": {kakao.FormatDate(now)},
		"pageNum": {strconv.Itoa(page)}, "pageSize": {strconv.Itoa(kakao.MaxPageSize)},
	}
	path := "/friendtalk/v1.5/appkeys/" + nhnsim.DefaultAppkey + "/message-results?" + query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.provider.base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set(kakao.HeaderSecretKey, nhnsim.DefaultSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	if page > 1 {
		_, err = io.Copy(io.Discard, resp.Body)
		return 0, errors.Join(err, resp.Body.Close())
	}
	var answer struct {
		List struct {
			TotalCount int `json:"totalCount"`
		} `json:"messageSearchResultResponse"`
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return answer.List.TotalCount, errors.Join(err, resp.Body.Close())
}

// updatersAtOnce is how many statements run at a time on PostgreSQL.
const updatersAtOnce = 2

// updateAlone writes a result to every message, a statement for a thousand of them.
func (r *run) updateAlone(ctx context.Context) error {
	pages, err := r.messagePages(ctx)
	if err != nil {
		return err
	}
	statement := `UPDATE messages SET state = 1, code = v.c, done_at = v.d
		FROM (SELECT value->>'i' AS i, value->>'c' AS c, value->>'d' AS d FROM json_each($1)) AS v WHERE messages.id = v.i AND messages.state < 2`
	if r.app.DB.Dialect() == models.Postgres {
		statement = `UPDATE messages SET state = 1, code = v.c, done_at = v.d
			FROM json_to_recordset($1::json) AS v(i bigint, c text, d bigint) WHERE messages.id = v.i AND messages.state < 2`
	}
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(updatersAtOnce) // SQLite has one that writes, and they wait their turn
	for _, page := range pages {
		g.Go(func() error {
			_, err := r.app.DB.SQL().ExecContext(ctx, statement, page)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	r.print("limit: bare UPDATEs", time.Since(began), r.cfg.Recipients)
	return nil
}

// messagePages are results of all messages of the campaign, as JSON, batch by batch.
func (r *run) messagePages(ctx context.Context) (pages []string, err error) {
	rows, err := r.app.DB.SQL().QueryContext(ctx, "SELECT id, size FROM batches WHERE campaign_id = $1 ORDER BY id", r.campaign.ID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	now := time.Now().UnixMilli()
	for rows.Next() {
		var batch int64
		var size int
		if err := rows.Scan(&batch, &size); err != nil {
			return nil, err
		}
		page := []byte{'['}
		for position := range size {
			if position > 0 {
				page = append(page, ',')
			}
			page = fmt.Appendf(page, `{"i":%d,"c":%q,"d":%d}`, models.MessageID(batch, position+1), kakao.DeliveryOK, now)
		}
		pages = append(pages, string(append(page, ']')))
	}
	return pages, rows.Err()
}
