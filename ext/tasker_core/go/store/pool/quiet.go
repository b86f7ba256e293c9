package pool

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// longIdle tells when a connection must show that it still answers.
func longIdle(_ context.Context, params pgxpool.ShouldPingParams) bool {
	return params.IdleDuration > pingAfter
}

// quiet accepts an idle connection on which the server has said nothing. A server
// that was restarted, or ended the session, left its farewell there: such a
// connection is replaced before a statement is lost on it. This is one system
// call, where a ping would be a round trip.
func quiet(_ context.Context, conn *pgx.Conn) (bool, error) {
	socket := conn.PgConn().Conn()
	if encrypted, ok := socket.(*tls.Conn); ok {
		socket = encrypted.NetConn()
	}
	return nothingToRead(socket), nil
}

func nothingToRead(socket net.Conn) bool {
	system, ok := socket.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return false
	}
	silent := false
	// Control and not Read: pgx may have left its own goroutine in a read after a slow write, and Read
	// would wait for it.
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, readErr := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = readErr == syscall.EAGAIN || readErr == syscall.EWOULDBLOCK
	})
	return err == nil && silent
}
