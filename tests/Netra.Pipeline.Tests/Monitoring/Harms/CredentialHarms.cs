using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Credentials end, are renewed and revoked, keys change and clocks differ: whoever may stay stays.</summary>
internal static class CredentialHarms
{
    private const string Before = "there were no credentials";

    public static IEnumerable<Harm> All()
    {
        yield return Life(
            "credential_is_renewed",
            "A page's token ends in the middle of a run, and the page sends the next one in time",
            "the page",
            nameof(CredentialLifeTests.Authenticate_WithANewToken_GoesOnUnderIt));
        yield return Life(
            "renewal_comes_after_the_end",
            "A laptop with the server on it sleeps past a token's end, and the page sends the next one when it hears of it",
            "the page",
            nameof(CredentialLifeTests.Process_StoppedBeyondTheEnd_TellsThePageFirst));
        yield return Life(
            "somebody_is_revoked",
            "A user, or one token of a user, is revoked in the middle of runs",
            "other users, and that user's other tokens",
            nameof(CredentialLifeTests.Revoked_InMidRun_EndsThatUsersConnectionsAndNoOthers));
        yield return Life(
            "clock_set_forward_and_credentials",
            "The wall clock is set forward by a day, as an operator or NTP does",
            "a page whose token lives for an hour",
            nameof(CredentialLifeTests.Clock_SetForwardByADay_EndsNoPage));
        yield return Life(
            "clocks_differ",
            "The clocks of the issuer and of the server differ by less than the grace",
            "pages with tokens that are not valid yet, or not any more",
            nameof(CredentialLifeTests.Clocks_ThatDifferByLessThanTheGrace_RefuseNobody));
        yield return Keys(
            "keys_rotate",
            "The provider signs with a new key, and takes the old one away",
            "pages with tokens of the new key",
            nameof(KeyRotationTests.Keys_RotatedAtTheirUrl_AreFoundByTheirNewNameAndOldOnesGo));
        yield return Keys(
            "key_provider_is_away",
            "The URL of the keys cannot be asked, for longer than keys are believed without asking again",
            "pages and publishers with tokens of known keys",
            nameof(KeyRotationTests.Keys_WhoseUrlIsOut_GoOnAndWithoutAnyTheAnswerIsTryAgain));
        yield return Keys(
            "strangers_name_unknown_keys",
            "Strangers come with tokens of keys that nobody knows, over and over",
            "the provider, who is asked seldom; pages with good tokens",
            nameof(KeyRotationTests.Strangers_WithUnknownKeyNames_DoNotFloodTheUrl));
    }

    private static Harm Life(string name, string situation, string healthy, string method)
        => new(name, Guard.Credentials, situation, healthy, Before) { ShownBy = (typeof(CredentialLifeTests), method) };

    private static Harm Keys(string name, string situation, string healthy, string method)
        => new(name, Guard.Credentials, situation, healthy, Before) { ShownBy = (typeof(KeyRotationTests), method) };
}
