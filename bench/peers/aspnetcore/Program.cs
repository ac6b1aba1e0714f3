using Netra.Pipeline.Peers;
using Netra.Pipeline.Peers.AspNetCore;

var builder = PeerHost.Create(args);
builder.Services.AddSingleton<EventSocket>();
var app = builder.Build();
app.UseWebSockets();
app.MapGet("/", static (HttpContext context, EventSocket socket) => socket.HandleAsync(context));
await app.RunAsync();
