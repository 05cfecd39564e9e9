namespace Contracts;

/// <summary>What money may be.</summary>
public static class Money
{
    /// <summary>The largest amount: that of a decimal(18,2), as on the topics. Sums of such amounts stay far from what a decimal holds.</summary>
    public const decimal Max = 9_999_999_999_999_999.99m;
}
