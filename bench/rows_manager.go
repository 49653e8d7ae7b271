package main

const (
	managerPeer    = "Python's Manager"
	managerTCPPeer = "Python's Manager over plain tcp"
	redisPeer      = "Redis over a unix socket"

	managerCallers = 16
	// managerLimit is what an operation may cost where so many call, in µs: that is 100,000 in
	// a second.
	managerLimit = 10
)

// errands are those of the rows, in their order.
var errands = []string{"value-get", "value-set", "list-append", "dict-set", "queue-put-get", "lock"}

func managerRows() []benchmark {
	var rows []benchmark
	for _, what := range errands {
		e := errand{what: what, size: 8}
		rows = append(rows,
			managerRow("manager/"+what, managerPeer, 1.0/5, e.over("shm"), pythonManager(e)),
			managerRow("manager/"+what+"-tcp", managerTCPPeer, 1.0/2, e.over("tcp"), pythonManagerTCP(e)),
			managerRow("manager/"+what+"-redis", redisPeer, 1/1.5, e.over("shm"), redisServer(e, 1)))
	}
	for _, what := range errands[:2] {
		mapped := errand{what: what}.over("shm")
		mapped.maps = true
		rows = append(rows, managerRow("manager/"+what+"-shm", managerPeer, 1.0/20, mapped, pythonManager(errand{what: what})))
	}
	return append(append(rows, managerCrowdRows()...), managerSizeRows()...)
}

// managerRow is of a server and a client of ours, and of a peer's.
func managerRow(name, peer string, target float64, ours client, theirs func(*lab) (runner, error)) benchmark {
	return benchmark{name: name, unit: "µs", scale: 1e3, peer: peer, target: target, start: func(l *lab) (contest, error) {
		them, err := theirs(l)
		if err != nil {
			return contest{}, err
		}
		us, err := ours.start(l)
		return contest{ours: us, peer: them}, err
	}}
}

// managerCrowdRows are of many callers at a time: in one client, which is one connection, and
// in a client each.
func managerCrowdRows() []benchmark {
	e := errand{what: "value-set"}
	crowd := func(family string, clients int) client {
		c := e.over(family)
		c.callers, c.clients = managerCallers, clients
		return c
	}
	return []benchmark{
		managerLimitRow("manager/16-callers", 1, crowd("shm", 1)),
		managerLimitRow("manager/16-clients", 1, crowd("shm", managerCallers)),
		managerLimitRow("manager/16-callers-tcp", 0, crowd("tcp", 1)),
		managerLimitRow("manager/16-clients-tcp", 0, crowd("tcp", managerCallers)),
		managerRow("manager/16-callers-redis", redisPeer, 1/1.5, crowd("shm", 1), redisServer(e, managerCallers)),
		managerIdleRow(),
	}
}

func managerLimitRow(name string, target float64, ours client) benchmark {
	return benchmark{name: name, unit: "µs", scale: 1e3, peer: limitPeer, limit: managerLimit, target: target, longer: 8,
		start: func(l *lab) (contest, error) {
			us, err := ours.start(l)
			return contest{ours: us}, err
		}}
}

// managerBySize is the series of rows that show how the cost grows with what is stored.
const managerBySize = "Manager, growth by size"

func managerSizeRows() []benchmark {
	var rows []benchmark
	for _, s := range sizes {
		e := errand{what: "dict-set", size: s.bytes}
		rows = append(rows,
			managerRow("manager/dict-set-"+s.name, managerPeer, 0, e.over("shm"), pythonManager(e)),
			managerRow("manager/dict-set-"+s.name+"-redis", redisPeer, 0, e.over("shm"), redisServer(e, 1)))
	}
	for i := range rows {
		rows[i].series = managerBySize
	}
	return rows
}
