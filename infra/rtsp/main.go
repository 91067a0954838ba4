// An RTSP server for tests and for trying things out, over TCP, on gortsplib.
//
// Whoever publishes to a path is its camera; readers of a path get what its publisher sends. With -user and -password
// readers must authenticate (Digest or Basic); publishers need not.
package main

import (
	"flag"
	"log"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
)

const realm = "cameras"

var methods = []auth.ValidateMethod{auth.ValidateMethodBasic, auth.ValidateMethodDigestMD5}

type camera struct {
	stream    *gortsplib.ServerStream
	publisher *gortsplib.ServerSession
}

type cameras struct {
	server   *gortsplib.Server
	user     string
	password string
	nonce    string
	mutex    sync.Mutex
	byPath   map[string]*camera
}

func (c *cameras) refusal(request *base.Request) *base.Response {
	if c.user == "" || auth.Validate(request, c.user, c.password, methods, realm, c.nonce) == nil {
		return nil
	}
	return &base.Response{
		StatusCode: base.StatusUnauthorized,
		Header:     base.Header{"WWW-Authenticate": auth.GenerateWWWAuthenticate(methods, realm, c.nonce)},
	}
}

func (c *cameras) stream(path string) *gortsplib.ServerStream {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if found := c.byPath[path]; found != nil {
		return found.stream
	}
	return nil
}

func (c *cameras) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for path, found := range c.byPath {
		if found.publisher == ctx.Session {
			found.stream.Close()
			delete(c.byPath, path)
		}
	}
}

func (c *cameras) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if refused := c.refusal(ctx.Request); refused != nil {
		return refused, nil, nil
	}
	stream := c.stream(ctx.Path)
	if stream == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, stream, nil
}

func (c *cameras) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if before := c.byPath[ctx.Path]; before != nil {
		before.stream.Close()
		before.publisher.Close()
	}
	c.byPath[ctx.Path] = &camera{gortsplib.NewServerStream(c.server, ctx.Description), ctx.Session}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (c *cameras) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	stream := c.stream(ctx.Path)
	if stream == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, stream, nil
}

func (c *cameras) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (c *cameras) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	stream := c.stream(ctx.Path)
	ctx.Session.OnPacketRTPAny(func(media *description.Media, _ format.Format, packet *rtp.Packet) {
		_ = stream.WritePacketRTP(media, packet)
	})
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8554", "address")
	user := flag.String("user", "", "name that readers must give")
	password := flag.String("password", "", "password that readers must give")
	flag.Parse()

	nonce, err := auth.GenerateNonce()
	if err != nil {
		log.Fatal(err)
	}
	c := &cameras{user: *user, password: *password, nonce: nonce, byPath: map[string]*camera{}}
	// Longer than this process is ever stopped by a test: a server that threw out its cameras when it goes on would have
	// nothing to show.
	const patience = time.Minute
	c.server = &gortsplib.Server{Handler: c, RTSPAddress: *listen, ReadTimeout: patience, WriteTimeout: patience}
	if err := c.server.Start(); err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", *listen)
	log.Fatal(c.server.Wait())
}
