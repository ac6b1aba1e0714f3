using System.Net;
using Netra.Pipeline.EmbeddingHost;

// Started with a port of the kernel's choice; its address is in the log.
await EmbeddingApplication.Build(args, IPAddress.Loopback).RunAsync();
