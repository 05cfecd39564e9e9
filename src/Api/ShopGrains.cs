using Contracts.Accounts;
using Contracts.Users;
using EventPlatform.AspNetCore.Cluster;

namespace Api;

/// <summary>The shop's grains.</summary>
internal static class ShopGrains
{
    public static IUserGrain User(this ClusterGrains grains, string id) => grains.Grain<IUserGrain>(id);

    public static IAccountGrain Account(this ClusterGrains grains, string id) => grains.Grain<IAccountGrain>(id);
}
