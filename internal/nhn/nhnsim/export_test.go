package nhnsim

// Queue lets tests see when deliveries begin.
type Queue = queue

// Take is take.
func (q *queue) Take(start, length int64) int64 { return q.take(start, length) }
