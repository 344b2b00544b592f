package nhnsim

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"slices"
)

// Accepted is a recipient of an accepted request.
type Accepted struct {
	RequestID            string `json:"requestId"`
	RecipientSeq         int    `json:"recipientSeq"`
	RecipientNo          string `json:"recipientNo"`
	SenderGroupingKey    string `json:"senderGroupingKey"`
	RecipientGroupingKey string `json:"recipientGroupingKey"`
	Cancelled            bool   `json:"cancelled"`
}

// Accepted walks every recipient that was ever accepted for an appkey, in order,
// listed or not. None for an unknown appkey.
func (s *Sim) Accepted(appkey string) iter.Seq[Accepted] {
	return func(yield func(Accepted) bool) {
		p := s.project(appkey)
		if p == nil {
			return
		}
		p.mu.RLock()
		requests := slices.Clip(p.requests)
		p.mu.RUnlock()
		for _, r := range requests {
			for _, a := range p.accepted(r) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

func (p *project) accepted(r *request) []Accepted {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out := make([]Accepted, len(r.messages))
	for i := range r.messages {
		m := &r.messages[i]
		out[i] = Accepted{r.id, int(m.seq), m.no, r.groupingKey, m.key, m.cancelledAt != 0}
	}
	return out
}

// control are the paths by which another process seeds the simulator, makes it
// fail, and counts what it accepted.
func (s *Sim) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/stats", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Stats()) })
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Faults()) })
	mux.HandleFunc("GET /_sim/accepted", s.streamAccepted)
	mux.HandleFunc("POST /_sim/faults", controlled(func(in Faults) (any, error) {
		s.SetFaults(in)
		return in, nil
	}))
	mux.HandleFunc("POST /_sim/appkeys", controlled(func(in appkeyIn) (any, error) {
		if err := s.AddAppkey(in.Appkey, in.SecretKey); err != nil || in.SMSAppkey == "" {
			return in, err
		}
		return in, s.SetSMSAppkey(in.Appkey, in.SMSAppkey)
	}))
	mux.HandleFunc("GET /_sim/outcomes", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Outcomes()) })
	mux.HandleFunc("POST /_sim/outcomes", controlled(func(in Override) (any, error) { return in, s.SetOutcome(in) }))
	mux.HandleFunc("POST /_sim/senders", controlled(func(in senderIn) (any, error) {
		return s.AddSender(in.Appkey, in.Sender)
	}))
	s.templateControl(mux)
}

// appkeyIn seeds an appkey, and its SMS service unless that is empty.
type appkeyIn struct {
	Appkey    string `json:"appkey"`
	SecretKey string `json:"secretKey"`
	SMSAppkey string `json:"smsAppkey,omitempty"`
}

// senderIn seeds a sender.
type senderIn struct {
	Appkey string `json:"appkey"`
	Sender Sender `json:"sender"`
}

// controlled reads In and answers with what do returns: 400 for its error.
func controlled[In any](do func(In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&in)
		var out any
		if err == nil {
			out, err = do(in)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]string{"error": err.Error()}
		}
		writeJSON(w, out)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who does not wait for the answer does not get it
}

// streamAccepted writes what [Sim.Accepted] walks, an object a line.
func (s *Sim) streamAccepted(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 64<<10)
	defer out.Flush()
	var b buf
	for a := range s.Accepted(r.URL.Query().Get("appkey")) {
		b = append(b[:0], '{')
		b = b.text("requestId", a.RequestID).int("recipientSeq", a.RecipientSeq).text("recipientNo", a.RecipientNo)
		b = b.text("senderGroupingKey", a.SenderGroupingKey).text("recipientGroupingKey", a.RecipientGroupingKey)
		b = append(b.bool("cancelled", a.Cancelled).end('}'), '\n')
		if _, err := out.Write(b); err != nil {
			return
		}
	}
}
