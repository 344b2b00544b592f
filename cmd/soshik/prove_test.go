package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"soshik/internal/testdb"
	"soshik/models"
)

// The command's own workers are this program's. What it proves is tested beside it, at
// length.
func TestProve(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	p := exec.CommandContext(ctx, self, "prove", "--recipients", "60", "--kills", "1", "--seed", "5", "--database", testdb.New(t))
	p.Env = append(os.Environ(), runVariable+"=1")
	var out, progress bytes.Buffer
	p.Stdout, p.Stderr = &out, &progress
	err = p.Run()
	for _, want := range []string{"seed 5\n", "kills survived 1,", "settling time 4s", "60 = ", "\nlost 0 doubled 0\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said", want)
		}
	}
	if err != nil || t.Failed() {
		t.Fatalf("%v\n%s\n%s", err, &out, &progress)
	}
}

func TestProveRefusesADatabaseInUse(t *testing.T) {
	t.Parallel()
	address := testdb.New(t)
	s := crashService(t, address, strings.Repeat("5", 64), 0)
	must(t, s.DB.CreateUser(t.Context(), &models.User{Email: "a@example.com", Name: "a", CreatedAt: time.Now().UTC()}), s.DB.Close())
	self, err := os.Executable()
	must(t, err)
	p := exec.CommandContext(t.Context(), self, "prove", "--recipients", "60", "--kills", "1", "--database", address)
	p.Env = append(os.Environ(), runVariable+"=1")
	if said, err := p.CombinedOutput(); err == nil || !strings.Contains(string(said), "needs an empty one") {
		t.Errorf("%v: %s", err, said)
	}
}
