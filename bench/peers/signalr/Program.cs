using Netra.Pipeline.Peers;
using Netra.Pipeline.Peers.SignalR;

var builder = PeerHost.Create(args);
builder.Services.AddSignalR();
var app = builder.Build();
app.MapGet("/", static () => "signalr");
app.MapHub<EventHub>("/hub");
await app.RunAsync();
