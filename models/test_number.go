package models

import (
	"context"
	"time"

	"soshik/internal/kakao"
)

// MaxTestNumbers is how many test numbers a team may have: enough for everybody who
// looks a message over, too few for a test to stand in for a campaign.
const MaxTestNumbers = 20

// TestNumber is the mobile phone of somebody of the team's own, who gets test
// messages.
type TestNumber struct {
	ID        int64
	TeamID    int64
	Phone     string // digits
	Name      string // whose it is
	CreatedBy int64
	CreatedAt time.Time
}

// NewTestNumber is what is filled in to add a test number.
type NewTestNumber struct {
	Name  string
	Phone string // in any usual writing
}

// Normal checks the form; phone is the number's digits.
func (in NewTestNumber) Normal() (phone string, err error) {
	p := problems{}
	validateName(p, "name", in.Name)
	phone, _, reason := kakao.NormalizePhone(in.Phone)
	if reason != "" {
		p.add("phone", "import.reason."+string(reason))
	}
	return phone, p.err()
}

// TestNumbers are those of a team, by name.
func (db *DB) TestNumbers(ctx context.Context, teamID int64) ([]TestNumber, error) {
	var ns []TestNumber
	return ns, db.read(ctx).Where("team_id = ?", teamID).Order("name, id").Find(&ns).Error
}

// TestNumber reads one of a team.
func (db *DB) TestNumber(ctx context.Context, teamID, id int64) (n TestNumber, err error) {
	err = db.read(ctx).Where("team_id = ?", teamID).First(&n, id).Error
	return n, dbError(err, "test_number")
}

// CreateTestNumber adds a test number, unless the team has it or has as many as it
// may. It is to be called in a transaction.
func (db *DB) CreateTestNumber(ctx context.Context, n *TestNumber) error {
	if err := db.LockTeam(ctx, n.TeamID); err != nil {
		return err
	}
	var count int64
	if err := db.read(ctx).Model(&TestNumber{}).Where("team_id = ?", n.TeamID).Count(&count).Error; err != nil {
		return err
	}
	if count >= MaxTestNumbers {
		return Errorf(Conflict, "test_number.limit", "Max", MaxTestNumbers)
	}
	return dbError(db.write(ctx).Create(n).Error, "test_number")
}

// DeleteTestNumber removes a test number. What has been sent to it stays in the
// ledger.
func (db *DB) DeleteTestNumber(ctx context.Context, n TestNumber) error {
	return db.write(ctx).Where("team_id = ?", n.TeamID).Delete(&TestNumber{}, n.ID).Error
}

// TestNumberRow is a test number as the list of them shows it.
type TestNumberRow struct {
	TestNumber

	By string // who added it; empty if that person is gone, or it was the program
}

// TestNumberRows are the test numbers of a team, by name.
func (db *DB) TestNumberRows(ctx context.Context, teamID int64) ([]TestNumberRow, error) {
	ns, err := db.TestNumbers(ctx, teamID)
	if err != nil {
		return nil, err
	}
	var users []int64
	for _, n := range ns {
		users = append(users, n.CreatedBy)
	}
	people, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	rows := make([]TestNumberRow, len(ns))
	for i, n := range ns {
		rows[i] = TestNumberRow{n, people[n.CreatedBy]}
	}
	return rows, err
}
