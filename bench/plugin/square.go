package main

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// square is both sides of the plugin. A message is one number.
type square struct{ plugin.NetRPCUnsupportedPlugin }

// caller calls the function in the plugin.
type caller func(ctx context.Context, x int64) (int64, error)

func (square) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Square", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Square", Handler: handle}},
	}, nil)
	return nil
}

func handle(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	x := new(wrapperspb.Int64Value)
	if err := decode(x); err != nil {
		return nil, err
	}
	return wrapperspb.Int64(x.Value * x.Value), nil
}

func (square) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return caller(func(ctx context.Context, x int64) (int64, error) {
		result := new(wrapperspb.Int64Value)
		err := conn.Invoke(ctx, "/bench.Square/Square", wrapperspb.Int64(x), result)
		return result.Value, err
	}), nil
}
