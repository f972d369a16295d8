package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// queryPatience is how long one server may take for one question.
const queryPatience = 400 * time.Millisecond

// naptrRecord is one NAPTR record of the kind that RFC 3263 uses.
type naptrRecord struct {
	order, preference    uint16
	service, replacement string
}

// srvRecord is one server of a service.
type srvRecord struct {
	priority, weight uint16
	host             string
	port             int
}

// naptr are the NAPTR records of a name, in their order.
func (r *Resolver) naptr(ctx context.Context, name string) []naptrRecord {
	v := r.cache.get(ctx, "NAPTR "+name, func(ctx context.Context) (any, time.Duration, error) {
		answers, ttl, err := r.ask(ctx, name, dns.TypeNAPTR)
		var list []naptrRecord
		for _, rr := range answers {
			if n, ok := rr.(*dns.NAPTR); ok && strings.EqualFold(n.Flags, "s") && n.Regexp == "" {
				list = append(list, naptrRecord{n.Order, n.Preference, strings.ToUpper(n.Service), strings.TrimSuffix(n.Replacement, ".")})
			}
		}
		slices.SortStableFunc(list, func(a, b naptrRecord) int {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.preference, b.preference))
		})
		return list, ttl, err
	})
	list, _ := v.([]naptrRecord)
	return list
}

// srv are the servers of a service in the order in which they are to be tried:
// by priority and, within it, by chance as their weights have it.
func (r *Resolver) srv(ctx context.Context, name string) []srvRecord {
	v := r.cache.get(ctx, "SRV "+name, func(ctx context.Context) (any, time.Duration, error) {
		answers, ttl, err := r.ask(ctx, name, dns.TypeSRV)
		var list []srvRecord
		for _, rr := range answers {
			if s, ok := rr.(*dns.SRV); ok && s.Target != "." {
				list = append(list, srvRecord{s.Priority, s.Weight, strings.TrimSuffix(s.Target, "."), int(s.Port)})
			}
		}
		return list, ttl, err
	})
	list, _ := v.([]srvRecord)
	return shuffle(slices.Clone(list))
}

// shuffle is the choice of RFC 2782: of those with the same priority each is
// next with a chance of its weight.
func shuffle(list []srvRecord) []srvRecord {
	slices.SortStableFunc(list, func(a, b srvRecord) int { return cmp.Compare(a.priority, b.priority) })
	for i := range list {
		total, end := 0, i
		for ; end < len(list) && list[end].priority == list[i].priority; end++ {
			total += int(list[end].weight)
		}
		if total == 0 {
			continue
		}
		for pick, j := rand.IntN(total), i; j < end; j++ {
			if pick -= int(list[j].weight); pick < 0 {
				list[i], list[j] = list[j], list[i]
				break
			}
		}
	}
	return list
}

// ask sends a question to one server after the other until one answers. No
// such name is an answer.
func (r *Resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, time.Duration, error) {
	servers, err := r.nameservers()
	if err != nil {
		return nil, 0, err
	}
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), kind)
	q.SetEdns0(1232, false)
	var errs []error
	for _, server := range servers {
		answer, err := exchange(ctx, q, server)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		switch answer.Rcode {
		case dns.RcodeSuccess, dns.RcodeNameError:
			return answer.Answer, ttl(answer), nil
		}
		errs = append(errs, fmt.Errorf("%s: %s", server, dns.RcodeToString[answer.Rcode]))
	}
	return nil, 0, errors.Join(errs...)
}

// exchange asks one server, over TCP where the answer was cut.
func exchange(ctx context.Context, q *dns.Msg, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	udp, tcp := dns.Client{Net: "udp"}, dns.Client{Net: "tcp"}
	answer, _, err := udp.ExchangeContext(ctx, q, server)
	if err == nil && answer.Truncated {
		answer, _, err = tcp.ExchangeContext(ctx, q, server)
	}
	return answer, err
}

// ttl is how long an answer may be kept: as long as the shortest of its
// records; a denial for half a minute.
func ttl(m *dns.Msg) time.Duration {
	if len(m.Answer) == 0 {
		return 30 * time.Second
	}
	least := uint32(3600)
	for _, rr := range m.Answer {
		least = min(least, rr.Header().Ttl)
	}
	return max(time.Second, time.Duration(least)*time.Second)
}

// nameservers are the DNS servers to ask.
func (r *Resolver) nameservers() ([]string, error) {
	if len(r.config.Servers) > 0 {
		return r.config.Servers, nil
	}
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	var list []string
	for _, s := range c.Servers {
		list = append(list, net.JoinHostPort(s, c.Port))
	}
	return list, nil
}
