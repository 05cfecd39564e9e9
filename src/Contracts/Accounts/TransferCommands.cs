namespace Contracts.Accounts;

/// <summary>The ids of a transfer's commands. They follow from the transfer alone, so that a leg that is tried again happens once.</summary>
public static class TransferCommands
{
    /// <summary>What these ids begin with, and no caller's own: or a caller could take the place of a leg.</summary>
    public const string Prefix = "transfer:";

    /// <summary>The first leg's, where the transfer came with an id of its own: the money leaves its sender.</summary>
    /// <param name="id">The transfer's id, which is unique per sender.</param>
    public static string Send(string id) => $"{Prefix}send {id}";

    /// <summary>The second leg's: the money arrives.</summary>
    /// <param name="from">The sender's account.</param>
    /// <param name="id">The transfer's id.</param>
    public static string Receive(string from, string id) => Leg("receive", from, id);

    /// <summary>That of the money's way back, when its receiver could not take it.</summary>
    /// <param name="from">The sender's account.</param>
    /// <param name="id">The transfer's id.</param>
    public static string Return(string from, string id) => Leg("return", from, id);

    // The length tells where the account ends: ids may hold any character, also the one between them.
    private static string Leg(string leg, string from, string id) => FormattableString.Invariant($"{Prefix}{leg} {from.Length} {from}/{id}");
}
