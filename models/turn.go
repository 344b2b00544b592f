package models

import (
	"context"
	"time"
)

// farTurn is further ahead than a turn ever is. One that is, the clock has gone back
// since.
const farTurn = 10 * time.Second

// TakeTurn takes the next free moment for a request of k's project and says for how long
// from now it is to be waited for. What the provider knows as one project has one row,
// whichever of our appkeys it is and whichever process asks; whoever takes a turn keeps
// the others from it until its transaction ends, so that what it reads afterwards is what
// they have written. It must run in a transaction; now is by the database's clock.
func (db *DB) TakeTurn(ctx context.Context, k Appkey, now time.Time) (wait time.Duration, err error) {
	var step int64
	if k.RatePerSecond > 0 {
		step = time.Second.Microseconds() / int64(k.RatePerSecond)
	}
	at := now.UnixMicro()
	var next int64
	err = db.write(ctx).Raw(`INSERT INTO turns (base_url, appkey, next_at) VALUES (?, ?, CAST(? AS BIGINT))
		ON CONFLICT (base_url, appkey) DO UPDATE SET
			next_at = CASE WHEN turns.next_at BETWEEN CAST(? AS BIGINT) AND CAST(? AS BIGINT) THEN turns.next_at ELSE CAST(? AS BIGINT) END + CAST(? AS BIGINT)
		RETURNING next_at`, k.BaseURL, k.Appkey, at+step, at, at+farTurn.Microseconds(), at, step).Scan(&next).Error
	return max(0, time.Duration(next-step-at)*time.Microsecond), err
}

// LockTurns keeps claims of the appkeys' projects from being made until the transaction
// ends.
func (db *DB) LockTurns(ctx context.Context, ks []Appkey) error {
	for _, k := range ks {
		err := db.write(ctx).Exec(`INSERT INTO turns (base_url, appkey, next_at) VALUES (?, ?, 0)
			ON CONFLICT (base_url, appkey) DO UPDATE SET next_at = turns.next_at`, k.BaseURL, k.Appkey).Error
		if err != nil {
			return err
		}
	}
	return nil
}
