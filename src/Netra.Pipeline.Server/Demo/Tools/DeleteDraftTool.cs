using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>
/// <c>delete_draft{}</c> → <c>{approved, deleted, by}</c>. Asks first, and deletes the user's draft when the answer is yes. Called again
/// for the same run, it gets the same answer. Safe for parallel calls.
/// </summary>
internal sealed class DeleteDraftTool(DraftFolder drafts) : ITool
{
    public const string ToolName = "delete_draft";

    public string Name => ToolName;

    public string Description => "Deletes the draft that the demo keeps for the user: {}. Asks before it does.";

    public async ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var user = UserKey.Of(invocation.Context.TenantId, invocation.Context.UserId);
        drafts.Write(user);
        var answer = await invocation.AskAsync(RunQuestion.Approval("Delete the draft?"), ct: cancellationToken);
        return new JsonObject
        {
            ["approved"] = answer.IsApproved,
            ["deleted"] = answer.IsApproved && drafts.Delete(user),
            ["by"] = answer.By,
        };
    }
}
