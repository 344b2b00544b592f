package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Outcome is how something that was decided went.
type Outcome string

// The outcomes.
const (
	OutcomeOK     Outcome = "ok"
	OutcomeFailed Outcome = "failed" // it was tried and did not work
	OutcomeDenied Outcome = "denied" // the person may not
)

// AuditLog is one decision: who, what, when, from where, before and after. Rows
// are never changed; the database refuses it.
type AuditLog struct {
	ID         int64
	CreatedAt  time.Time
	TeamID     int64 // 0: the installation
	AppkeyID   int64 // 0: none
	UserID     int64 // 0: the program itself
	UserName   string
	Address    string
	RequestID  string
	Action     string // as "sender.register"; a catalog key behind "audit."
	ObjectType string
	ObjectID   int64
	ObjectName string
	Outcome    Outcome
	Before     string // JSON, or empty
	After      string // JSON, or empty
}

// Event is what an action tells the audit log. Before and After are stored as
// JSON; secrets must not be among them.
type Event struct {
	Action     string
	TeamID     int64
	AppkeyID   int64
	ObjectType string
	ObjectID   int64
	ObjectName string
	Outcome    Outcome // empty is [OutcomeOK]
	Before     any
	After      any
}

// Audit records e as done by a, inside the transaction of the change itself.
func (db *DB) Audit(ctx context.Context, a Actor, e Event) error {
	before, err := auditJSON(e.Before)
	if err != nil {
		return err
	}
	after, err := auditJSON(e.After)
	if err != nil {
		return err
	}
	if e.Outcome == "" {
		e.Outcome = OutcomeOK
	}
	return db.write(ctx).Create(&AuditLog{
		CreatedAt: db.now(), TeamID: e.TeamID, AppkeyID: e.AppkeyID,
		UserID: a.User.ID, UserName: a.User.Name, Address: a.Address, RequestID: a.RequestID,
		Action: e.Action, ObjectType: e.ObjectType, ObjectID: e.ObjectID, ObjectName: e.ObjectName,
		Outcome: e.Outcome, Before: before, After: after,
	}).Error
}

func auditJSON(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	return string(b), nil
}

// AuditLogs are the newest entries of a team before the entry with id before (0:
// from the newest on), at most limit.
func (db *DB) AuditLogs(ctx context.Context, teamID, before int64, limit int) ([]AuditLog, error) {
	q := db.read(ctx).Where("team_id = ?", teamID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var logs []AuditLog
	return logs, q.Order("id DESC").Limit(limit).Find(&logs).Error
}
