using System.CommandLine;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Verify;

/// <summary>
/// The command <c>verify</c>: an acceptance run against any deployment. Exits with 0 when every check has passed, else with 1.
/// </summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var url = new Option<Uri>("--url")
        {
            Required = true,
            CustomParser = ScenarioOptions.ReadUrl,
            Description = "The deployment's root, such as http://127.0.0.1:5080.",
        };
        var token = new Option<string?>("--token")
        {
            Description = "The bearer token of somebody who may publish and look. In Development none is needed.",
        };
        var userToken = new Option<string?>("--user-token")
        {
            Description = "The token of the user whose page is opened. Without it the page names a user of its own, as Development has it.",
        };
        var otherToken = new Option<string?>("--other-user-token")
        {
            Description = "The token of another user, who must see nothing of the first one.",
        };
        var events = new Option<int>("--events")
        {
            DefaultValueFactory = static _ => 300,
            Description = "How many events are timed, and how many are sent over a dropped socket: 10 to 100,000.",
        };
        var limit = new Option<double>("--max-receipt-ms")
        {
            DefaultValueFactory = static _ => 1_000,
            Description = "How long a receipt may take on average, in milliseconds: 1 to 60,000. The goal is 50; "
                + "the default leaves room for a busy machine.",
        };
        var timeout = new Option<double>("--timeout-s")
        {
            DefaultValueFactory = static _ => 30,
            Description = "How long each check may take, in seconds: 1 to 3,600.",
        };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object instead of a table." };
        events.Validators.Add(static result => ScenarioOptions.Check(result, result.GetValueOrDefault<int>(), 10, 100_000));
        limit.Validators.Add(static result => ScenarioOptions.Check(result, result.GetValueOrDefault<double>(), 1, 60_000));
        timeout.Validators.Add(static result => ScenarioOptions.Check(result, result.GetValueOrDefault<double>(), 1, 3_600));

        var command = new Command(
            "verify",
            "Six checks: the five lifecycle events end to end, isolation, overhead, wiring, "
            + "completeness over a dropped socket, and monitoring.")
        {
            url, token, userToken, otherToken, events, limit, timeout, json,
        };
        command.SetAction((parsed, cancellationToken) => Verification.RunAsync(
            new VerifyOptions(parsed.GetRequiredValue(url))
            {
                Token = parsed.GetValue(token),
                UserToken = parsed.GetValue(userToken),
                OtherUserToken = parsed.GetValue(otherToken),
                Events = parsed.GetValue(events),
                MaxReceipt = TimeSpan.FromMilliseconds(parsed.GetValue(limit)),
                Timeout = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                IsJson = parsed.GetValue(json),
            },
            cancellationToken));
        return command;
    }
}
