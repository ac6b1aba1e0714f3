using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Security.Operators;

/// <summary>
/// <c>/v1/keys</c> and <c>/v1/revocations</c> (docs/protocol.md, section 12.3): who may do what, and what holds no more. Safe from any
/// thread.
/// </summary>
internal sealed class KeyEndpoints(
    AccessDirectory directory, SecurityAudit audit, IOptions<CredentialOptions> options, TimeProvider time)
{
    private const string Keys = "/v1/keys";

    public static void Map(IEndpointRouteBuilder endpoints) => new OperatorRoutes<KeyEndpoints>(endpoints)
        .Get(Keys, "ListKeys", static (self, _) => self.List(), AccessRights.Configure)
        .Post(Keys, "CreateKey", AccessRights.Configure, static (self, context) => self.CreateAsync(context))
        .Delete(Keys + "/{key_id}", "RevokeKey", AccessRights.Configure, static (self, context) => Task.FromResult(self.Revoke(context)))
        .Post("/v1/revocations", "RevokeCredentials", AccessRights.Configure, static (self, context) => self.RevokeAsync(context));

    private IResult List() => JsonAnswer.Of(KeyList.Of(directory.Store.Keys()), SecurityJson.Default.KeyList);

    private Task<IResult> CreateAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        SecurityJson.Default.KeyBody,
        static (body, check) => body.Read(check),
        (wanted, _) =>
        {
            var now = time.GetUtcNow();
            var key = ApiKey.Make(wanted.Name, wanted.Rights, wanted.Users, now, now + wanted.ExpiresIn, out var text);
            directory.Add(key);
            return Task.FromResult(
                JsonAnswer.Of(KeyDocument.Of(key, text), SecurityJson.Default.KeyDocument, StatusCodes.Status201Created));
        });

    private IResult Revoke(HttpContext context) => directory.TryRevoke(RouteSegment.Of(context, "key_id"))
        ? JsonAnswer.Empty(StatusCodes.Status204NoContent)
        : ProblemDocument.NotFound("There is no key of that id, or it was revoked already.");

    private Task<IResult> RevokeAsync(HttpContext context) => OperatorBody.AnswerAsync(
        context,
        SecurityJson.Default.RevocationBody,
        static (body, check) => body.Read(check),
        (wanted, _) =>
        {
            var now = time.GetUtcNow();
            directory.Revoke(new Revocation(wanted.UserKey, wanted.TokenId, now, now + options.Value.LongestLife));
            audit.Revoked(
                RequestAuthor.IdOf(context.User), wanted.UserKey is { } user ? $"user {UserKey.Show(user)}" : "one token, by its id");
            return Task.FromResult(JsonAnswer.Empty(StatusCodes.Status204NoContent));
        });
}
