package actions

import (
	"context"
	"crypto/subtle"
	"errors"
	"maps"
	"runtime"

	"github.com/alexedwards/argon2id"

	"soshik/models"
)

// hashing is the cost of a password: 19 MiB and two passes, as OWASP advises.
var hashing = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashPassword is what is kept of a password.
func hashPassword(password string) (string, error) {
	defer runtime.GC() // see passwordFits
	return argon2id.CreateHash(password, &hashing)
}

// unknownHash is compared with when there is no such person, so that the answer
// takes as long as for one who exists. Nobody knows its password.
const unknownHash = "$argon2id$v=19$m=19456,t=2,p=1$ZrJqT2JTgaGoN0tqvUnOHw$tURcVw2dkQq7k3R5iE9kQ2x1QDX2dQe8HP1xgN6nXgM"

// SignIn checks email and password and starts a session for the browser that s
// describes. The token is what its cookie carries.
func (s *Service) SignIn(ctx context.Context, by models.Actor, email, password string, session models.Session) (token string, err error) {
	email = models.NormalEmail(email)
	account := "account:" + email
	until, throttled, err := s.DB.Throttled(ctx, account)
	if err != nil {
		return "", err
	}
	if throttled {
		return "", models.Errorf(models.Throttled, "signin.throttled", "Until", until)
	}
	user, err := s.DB.UserByEmail(ctx, email)
	if err != nil && models.KindOf(err) != models.NotFound {
		return "", err
	}
	if !passwordFits(user, password) {
		return "", s.refuseSignIn(ctx, by, account, email)
	}
	if err := s.DB.ForgetFailures(ctx, account); err != nil {
		return "", err
	}
	return s.startSession(ctx, by, user, session, "session.start")
}

// passwordFits compares. The memory that this takes is given back at once: until the
// garbage is collected the next time, it would let the heap grow to twice as much.
func passwordFits(u models.User, password string) bool {
	defer runtime.GC()
	hash := u.PasswordHash
	if hash == "" {
		hash = unknownHash
	}
	fits, err := argon2id.ComparePasswordAndHash(password, hash)
	return err == nil && fits && u.PasswordHash != ""
}

func (s *Service) refuseSignIn(ctx context.Context, by models.Actor, account, email string) error {
	err := s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.CountFailure(ctx, account); err != nil {
			return err
		}
		return tx.Audit(ctx, by, models.Event{Action: "session.start", ObjectType: "user", ObjectName: email, Outcome: models.OutcomeFailed})
	})
	if err != nil {
		return err
	}
	return models.Errorf(models.Invalid, "signin.wrong")
}

func (s *Service) startSession(ctx context.Context, by models.Actor, u models.User, session models.Session, action string) (string, error) {
	token := models.NewToken()
	session.UserID = u.ID
	by.User = u
	e := models.Event{Action: action, ObjectType: "user", ObjectID: u.ID, ObjectName: u.Email}
	err := s.change(ctx, by, &e, func(tx *models.DB) error { return tx.CreateSession(ctx, token, &session) })
	return token, err
}

// SignOut ends a session of the person's own.
func (s *Service) SignOut(ctx context.Context, by models.Actor, sessionID int64) error {
	e := models.Event{Action: "session.end", ObjectType: "user", ObjectID: by.User.ID, ObjectName: by.User.Email}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.DeleteSession(ctx, by.User.ID, sessionID) })
}

// CreateFirstAdmin makes the first person, an instance admin, with a first team.
// code is the one that the log printed; it works only while there is nobody.
func (s *Service) CreateFirstAdmin(ctx context.Context, by models.Actor, code string, in models.FirstAdmin, session models.Session) (token string, err error) {
	err = in.Validate()
	if code == "" || subtle.ConstantTimeCompare([]byte(code), []byte(in.Code)) != 1 {
		err = withField(err, "code", "setup.code_wrong")
	}
	if err != nil {
		return "", err
	}
	hash, err := hashPassword(in.Password)
	if err != nil {
		return "", err
	}
	user := models.User{Email: models.NormalEmail(in.Email), Name: in.Name, PasswordHash: hash, InstanceAdmin: true, CreatedAt: s.Now()}
	e := models.Event{Action: "user.first", ObjectType: "user", ObjectName: user.Email}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := refuseSecondFirst(ctx, tx); err != nil {
			return err
		}
		if err := tx.CreateUser(ctx, &user); err != nil {
			return err
		}
		e.ObjectID = user.ID
		return s.createTeam(ctx, tx, user, in.Team)
	})
	if err != nil {
		return "", err
	}
	return s.startSession(ctx, by, user, session, "session.start")
}

func refuseSecondFirst(ctx context.Context, tx *models.DB) error {
	found, err := tx.HasUsers(ctx)
	if err == nil && found {
		return models.Errorf(models.NotFound, "error.not_found")
	}
	return err
}

func (s *Service) createTeam(ctx context.Context, tx *models.DB, admin models.User, name string) error {
	team := models.Team{Name: name, LeadMinutes: models.DefaultLead, CreatedAt: s.Now()}
	if err := tx.CreateTeam(ctx, &team); err != nil {
		return err
	}
	return tx.CreateMember(ctx, &models.Member{TeamID: team.ID, UserID: admin.ID, Role: models.Admin, CreatedAt: s.Now()})
}

// TakeInvitation gives the invited person the password of their choice and
// signs them in.
func (s *Service) TakeInvitation(ctx context.Context, by models.Actor, token string, in models.NewPassword, session models.Session) (string, error) {
	invitation, err := s.DB.Invitation(ctx, token)
	if err != nil {
		return "", err
	}
	if err := in.Validate(); err != nil {
		return "", err
	}
	hash, err := hashPassword(in.Password)
	if err != nil {
		return "", err
	}
	user, err := s.DB.User(ctx, invitation.UserID)
	if err != nil {
		return "", err
	}
	by.User = user
	e := models.Event{Action: "user.password", ObjectType: "user", ObjectID: user.ID, ObjectName: user.Email}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.DeleteInvitation(ctx, invitation.ID); err != nil {
			return err
		}
		return tx.SetPassword(ctx, user.ID, hash)
	})
	if err != nil {
		return "", err
	}
	return s.startSession(ctx, by, user, session, "session.start")
}

// SetPreferences keeps the person's language and theme; both may be empty.
func (s *Service) SetPreferences(ctx context.Context, by models.Actor, locale, theme string) error {
	e := models.Event{
		Action: "user.preferences", ObjectType: "user", ObjectID: by.User.ID, ObjectName: by.User.Email,
		Before: map[string]string{"locale": by.User.Locale, "theme": by.User.Theme},
		After:  map[string]string{"locale": locale, "theme": theme},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SetPreferences(ctx, by.User.ID, locale, theme) })
}

// withField adds what is wrong with one more field to a form's error.
func withField(err error, field, key string) error {
	e, ok := errors.AsType[*models.Error](err)
	if !ok {
		if err != nil {
			return err
		}
		e = models.Errorf(models.Invalid, "error.invalid")
	}
	if e.Fields == nil {
		e.Fields = map[string]models.Text{}
	}
	e.Fields[field] = models.T(key)
	return e
}

// allFields is one error about all fields that errs are about, so that a form tells them
// at once; an error that is about no field of a form comes first, by itself.
func allFields(errs ...error) error {
	fields, causes := map[string]models.Text{}, []error{}
	for _, err := range errs {
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*models.Error](err)
		if !ok || e.Kind != models.Invalid || len(e.Fields) == 0 {
			return err
		}
		maps.Copy(fields, e.Fields)
		causes = append(causes, e.Err)
	}
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: fields, Err: errors.Join(causes...)}
}
